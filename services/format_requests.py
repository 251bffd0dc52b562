"""Wishes for formats, written down where the standby finds them: the same wish is one row.

However many people ask for the same format of the same thing, it is made once, and each sees how far
it has come.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.base import new_id
from models.format_request import FormatRequest
from models.kinds import Actor, EventKind, RequestState
from models.rendition import Rendition, RenditionRef
from models.share import Share
from models.shared_asset import SharedAsset
from services.clock import read_clock
from services.errors import FormatImpossible, ShareNotFound, TooManyFormats
from services.format_wishes import FormatWish
from services.formats.catalogue import Format, read_catalogue
from services.formats.offered import find_offered, keep_offered
from services.formats.prediction import Predictable, predict
from services.formats.recipes import write_recipe
from services.history import event_key, record
from services.installation import Installation
from services.shares import find_share

MOST_FORMATS = 12
MOST_WAITING = 3
CHANNEL = "format_request"
UNDER_WAY = (RequestState.WAITING, RequestState.MAKING)
_ENDED_BADLY = (RequestState.FAILED, RequestState.CANCELLED)


@dataclass(frozen=True)
class Asker:
    """Who has a wish: an owner (no grant), or whoever holds a link."""

    actor: Actor
    grant_id: UUID | None = None


def accept_wish(installation: Installation, wish: FormatWish) -> UUID:
    """Write down an owner's wish, or find what a door wrote down, and return its id.

    Raises:
        ShareNotFound: there is no such share, asset or request.
        FormatImpossible: the format does not exist or applies to nothing.
        TooManyFormats: the share has as many as a share may have.
    """
    with installation.transaction() as session:
        if wish.request:
            return find_request(session, UUID(wish.request)).id
        share = find_share(session, wish.share, owner=wish.owner)
        position = _find_position(session, share, wish.asset_id)
        return request_format(
            session, share, position, choose_format(session, wish), Asker(Actor.OWNER)
        ).id


def choose_format(session: Session, wish: FormatWish) -> Format:
    """Choose the format that is wished for: of the catalogue, or the custom one.

    Raises:
        FormatImpossible: the catalogue has none of this name.
    """
    if not wish.format:
        return wish.custom.to_format()
    catalogue = read_catalogue(session)
    if wish.format not in catalogue:
        raise FormatImpossible(
            f"there is no format {wish.format} (there are: {', '.join(catalogue)})"
        )
    return catalogue[wish.format]


def request_format(
    session: Session, share: Share, position: int, wanted: Format, asker: Asker
) -> FormatRequest:
    """Write down a wish for one asset (its position) or for all (0); an older same one is joined.

    Raises:
        FormatImpossible: the format applies to nothing here.
        TooManyFormats: as many as may be are offered or wait.
    """
    # One after the other: what is counted below stays true until it is written.
    session.get_one(Share, share.id, with_for_update=True)
    same = FormatRequest.share_id == share.id
    one = (FormatRequest.position == position) & (FormatRequest.format == wanted.name)
    found = session.scalar(select(FormatRequest).where(same, one).with_for_update())
    if found is not None and found.state not in _ENDED_BADLY:
        if found.state in UNDER_WAY and found.grant_id != asker.grant_id:
            # Wanted by several: no recipient can cancel it for the others.
            found.grant_id = None
        return found
    if not share.is_open(read_clock(session)) or not share.is_downloadable:
        raise FormatImpossible("the share is not open, or its downloads are off")
    _check_limits(session, share, wanted, asker)
    keep_offered(session, share.id, [wanted], is_custom=wanted.name not in share.formats)
    # As the share has it: the catalogue may have changed since.
    wanted = find_offered(session, share.id, wanted.name)
    list_positions(session, share, position, wanted)
    if found is None:
        values = {
            "id": new_id(),
            "share_id": share.id,
            "position": position,
            "format": wanted.name,
            "recipe": write_recipe(wanted.recipe),
            "actor": asker.actor,
            "grant_id": asker.grant_id,
        }
        session.execute(insert(FormatRequest).values(values).on_conflict_do_nothing())
        found = session.scalars(select(FormatRequest).where(same, one)).one()
    else:
        found.state, found.attempts, found.failure_text = RequestState.WAITING, 0, ""
        found.lease_until = found.ended_at = None
        found.actor, found.grant_id = asker.actor, asker.grant_id
        found.requested_at = read_clock(session)
    _record(session, found, asker)
    session.execute(select(func.pg_notify(CHANNEL, str(found.id))))
    return found


def list_positions(
    session: Session, share: Share, position: int, wanted: Format
) -> list[SharedAsset]:
    """List the assets that a wish is about: all to which the format applies.

    Raises:
        FormatImpossible: there is none.
    """
    statement = select(SharedAsset).where(
        SharedAsset.share_id == share.id, SharedAsset.withdrawn_at.is_(None)
    )
    if position:
        statement = statement.where(SharedAsset.position == position)
    assets = session.scalars(statement.order_by(SharedAsset.position)).all()
    told = {asset.position: predict(Predictable.of(asset), wanted.recipe) for asset in assets}
    usable = [asset for asset in assets if told[asset.position].is_applicable]
    if not usable:
        reasons = sorted({one.reason for one in told.values()})
        raise FormatImpossible(
            f"{wanted.label} cannot be made: {' '.join(reasons) or 'there is no such file.'}"
        )
    return usable


def cancel_request(
    session: Session, request_id: UUID, *, share_id: UUID, grant_id: UUID | None
) -> int:
    """Cancel a wish that is under way and not somebody else's, and return the position it is for.

    `grant_id` is the link of whoever cancels; owners, who have none, cancel any wish.
    """
    found = session.get(FormatRequest, request_id, with_for_update=True, populate_existing=True)
    if found is None or found.share_id != share_id:
        return 0
    is_own = grant_id is None or found.grant_id == grant_id
    if not is_own or found.state not in UNDER_WAY:
        return found.position
    found.state, found.ended_at = RequestState.CANCELLED, read_clock(session)
    record(
        session,
        EventKind.FORMAT_CANCELLED,
        key=event_key(found.id, "cancelled", found.requested_at),
        actor=Actor.RECIPIENT if grant_id else Actor.OWNER,
        share_id=share_id,
        grant_id=grant_id,
        position=found.position or None,
        payload={"format": found.format},
    )
    return found.position


def read_requests(session: Session, share: Share, position: int) -> list[FormatRequest]:
    """List the wishes for one asset, or for the whole share (0), in the order of asking."""
    statement = (
        select(FormatRequest)
        .where(FormatRequest.share_id == share.id, FormatRequest.position == position)
        .order_by(FormatRequest.requested_at)
    )
    return list(session.scalars(statement))


def measure_request(session: Session, request: FormatRequest) -> int:
    """Say how far a wish has come, in percent."""
    statement = (
        select(func.coalesce(func.sum(Rendition.progress), 0), func.count())
        .select_from(RenditionRef)
        .outerjoin(Rendition, Rendition.key == RenditionRef.key)
        .where(RenditionRef.share_id == request.share_id, RenditionRef.format == request.format)
    )
    if request.position:
        statement = statement.where(RenditionRef.position == request.position)
    progress, count = session.execute(statement).one()
    return int(progress / count) if count else 0


def _check_limits(session: Session, share: Share, wanted: Format, asker: Asker) -> None:
    wishes = select(func.count(func.distinct(FormatRequest.format))).where(
        FormatRequest.share_id == share.id,
        FormatRequest.format != wanted.name,
        FormatRequest.state.not_in(_ENDED_BADLY),
    )
    if (session.scalar(wishes) or 0) >= MOST_FORMATS:
        raise TooManyFormats(
            f"this share has {MOST_FORMATS} formats made to order, which is the most"
        )
    waiting = session.scalar(
        select(func.count())
        .select_from(FormatRequest)
        .where(
            FormatRequest.share_id == share.id,
            FormatRequest.grant_id == asker.grant_id,
            FormatRequest.state.in_(UNDER_WAY),
        )
    )
    if asker.grant_id is not None and (waiting or 0) >= MOST_WAITING:
        raise TooManyFormats(
            f"{MOST_WAITING} formats are being made: wait until one of them is done"
        )


def find_request(session: Session, request_id: UUID) -> FormatRequest:
    """Find a wish by its id, or raise `ShareNotFound`."""
    found = session.get(FormatRequest, request_id)
    if found is None:
        raise ShareNotFound(f"there is no format request {request_id}")
    return found


def _find_position(session: Session, share: Share, asset_id: str) -> int:
    if not asset_id:
        return 0
    position = session.scalar(
        select(SharedAsset.position)
        .where(SharedAsset.share_id == share.id, SharedAsset.asset_id == asset_id)
        .limit(1)
    )
    if position is None:
        raise ShareNotFound(f"share {share.id} has no asset {asset_id}")
    return position


def _record(session: Session, request: FormatRequest, asker: Asker) -> None:
    record(
        session,
        EventKind.FORMAT_REQUESTED,
        key=event_key(request.id, "requested", request.requested_at),
        actor=asker.actor,
        share_id=request.share_id,
        grant_id=asker.grant_id,
        position=request.position or None,
        payload={"format": request.format, "recipe": request.recipe},
    )
