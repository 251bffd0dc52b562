"""Make what recipients see and take true again, after the owner changed a share that is out.

The gate decides by the rows, at once; this catches up with it. The pages of before stay whole until
the new ones are, and a switch that somebody else's change has overtaken is left to the next turn.
"""

from uuid import UUID

from sqlalchemy import func, or_, select, update

from models.bundle import Bundle
from models.kinds import ShareState
from models.share import Share
from services.brands import view_brand
from services.bundling import list_stale, plan_missing, replan
from services.contents import read_contents
from services.installation import Installation
from services.moments import reach
from services.pages import note_build, write_build
from services.wrapping import wrap_share


def list_outdated(installation: Installation) -> list[UUID]:
    """List the open shares of which a zip or a page is not true any more."""
    statement = select(Share.id).where(
        Share.page_stale_at.is_not(None),
        Share.state == ShareState.OPEN,
        or_(Share.expires_at.is_(None), Share.expires_at > func.vitrine_now()),
    )
    with installation.transaction() as session:
        pages = session.scalars(statement).all()
    return sorted({*pages, *list_stale(installation)})


def refresh(installation: Installation, share_id: UUID) -> int:
    """Plan the zips of a share anew, then its pages; return how many of both were made."""
    planned = _offer_missing(installation, share_id) + replan(installation, share_id)
    reach("refresh:planned")
    return planned + _rebuild(installation, share_id)


def _offer_missing(installation: Installation, share_id: UUID) -> int:
    """Wrap and plan what was not, because nothing could be downloaded when the share was made."""
    with installation.transaction() as session:
        share = session.get_one(Share, share_id)
        is_offered = session.scalar(
            select(Bundle.format).where(Bundle.share_id == share_id).limit(1)
        )
    if not share.is_downloadable or is_offered or share.page_stale_at is None:
        return 0
    wrap_share(installation, share)
    return plan_missing(installation, share)


def _rebuild(installation: Installation, share_id: UUID) -> int:
    with installation.transaction() as session:
        share = session.get_one(Share, share_id)
        if share.page_stale_at is None or share.current_build is None:
            return 0
        contents = read_contents(session, share)
        bundles = session.scalars(select(Bundle).where(Bundle.share_id == share_id)).all()
        brand = view_brand(session, share.brand_id)
    build = write_build(installation, contents, bundles, brand)
    reach("refresh:pages_stored")
    statement = (
        update(Share)
        .where(
            Share.id == share_id,
            Share.page_stale_at == share.page_stale_at,
            Share.current_build == share.current_build,
        )
        .values(current_build=build.id, page_stale_at=None)
    )
    with installation.transaction() as session:
        if session.execute(statement.returning(Share.id)).first() is None:
            return 0
        note_build(session, share_id, build)
        reach("refresh:build_written")
    reach("refresh:switched")
    return 1
