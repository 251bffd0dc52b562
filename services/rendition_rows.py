"""The rows of renditions: who makes which one, what came of it, and what was found inside originals.

However many runs need the same rendition at the same time, one makes it and the others wait: whoever
inserts its row first is its maker, as long as its lease lasts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    Text,
    Uuid,
    and_,
    any_,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from models.kinds import RenditionState
from models.rendition import Inspection, Rendition, RenditionRef
from services.batches import batched
from services.formats.facts import Facts
from services.formats.recipes import write_recipe
from services.needs import Need
from services.rendering.orders import Failure, RenderedFile

_BATCH = 1000
_PLACE = ("position", "part", "format", "key")
_T = TypeVar("_T")


class Reference(Protocol):
    """That an asset of a share needs a rendition, under the name of a format."""

    @property
    def position(self) -> int:
        """The position of the asset."""

    @property
    def part(self) -> int:
        """The number of its part (from 1)."""

    @property
    def format(self) -> str:
        """The name of the format."""

    @property
    def key(self) -> str:
        """The content address of the rendition."""


def refer(session: Session, share_id: UUID, references: Sequence[Reference]) -> None:
    """Write down that a share needs these renditions; what is written twice stands there once."""
    for batch in batched(references, _BATCH):
        # One statement, of which the database also looks but once whether the share may have more.
        rows = (
            func.unnest(
                literal([one.position for one in batch], ARRAY(BigInteger())),
                literal([one.part for one in batch], ARRAY(BigInteger())),
                literal([one.format for one in batch], ARRAY(Text())),
                literal([one.key for one in batch], ARRAY(Text())),
            )
            .table_valued(*_PLACE)
            .render_derived()
        )
        given = select(literal(share_id, Uuid()), *rows.c)
        statement = insert(RenditionRef).from_select(["share_id", *_PLACE], given)
        session.execute(statement.on_conflict_do_nothing())


def find_settled(session: Session, keys: Iterable[str]) -> set[str]:
    """Find which of these renditions exist, or are known never to, and hold them so.

    A reference to them is to be written before: the collection of garbage removes what it can lock
    and nobody refers to, and until the end of this transaction it cannot lock these.
    """
    settled: set[str] = set()
    for batch in batched(keys, _BATCH):
        statement = select(Rendition.key).where(
            Rendition.key == _any_of(batch, Text()), Rendition.state != RenditionState.MAKING
        )
        statement = statement.order_by(Rendition.key).with_for_update(read=True, key_share=True)
        settled.update(session.scalars(statement))
    return settled


def claim_renditions(
    session: Session, needs: Sequence[Need], *, maker: str, seconds: float
) -> set[str]:
    """Become the maker of those that nobody alive makes, and return their keys.

    `maker` is the share and its fence: a run that took over a share takes over what the dead run
    was making, without waiting.
    """
    owner = maker.rpartition(":")[0]
    wanted = {need.key: need for need in needs}
    claimed: set[str] = set()
    until = func.vitrine_now() + timedelta(seconds=seconds)
    for batch in batched(sorted(wanted), _BATCH):
        statement = insert(Rendition).values(
            [
                {
                    "key": key,
                    "generation": next_generation(),
                    "state": RenditionState.MAKING,
                    "recipe": write_recipe(wanted[key].recipe),
                    "maker": maker,
                    "lease_until": until,
                }
                for key in batch
            ]
        )
        is_free = or_(
            Rendition.lease_until < func.vitrine_now(),
            and_(Rendition.maker.startswith(f"{owner}:"), Rendition.maker != maker),
        )
        taken_over = statement.on_conflict_do_update(
            index_elements=[Rendition.key],
            set_={"maker": maker, "lease_until": until},
            where=and_(Rendition.state == RenditionState.MAKING, is_free),
        )
        claimed.update(session.scalars(taken_over.returning(Rendition.key)))
    return claimed


def next_generation() -> Any:
    """Give a number for a file of a rendition that no file has had, and none will have again."""
    return func.nextval("rendition_generation")


def hold_claims(session: Session, keys: Sequence[str], *, maker: str, seconds: float) -> None:
    """Hold what is being made, or waits to be, for longer."""
    owned = list(lock_made(session, keys, maker=maker))
    until = func.vitrine_now() + timedelta(seconds=seconds)
    session.execute(update(Rendition).where(Rendition.key.in_(owned)).values(lease_until=until))


def note_progress(session: Session, keys: Sequence[str], *, maker: str, percent: int) -> None:
    """Tell how far the making of these has come."""
    owned = list(lock_made(session, keys, maker=maker))
    session.execute(update(Rendition).where(Rendition.key.in_(owned)).values(progress=percent))


def lock_made(session: Session, keys: Collection[str], *, maker: str) -> dict[str, int]:
    """Lock those of these that this maker still makes, and say the generation of each.

    Whoever was overtaken settles nothing.
    """
    statement = (
        select(Rendition.key, Rendition.generation)
        .where(
            Rendition.key.in_(keys),
            Rendition.maker == maker,
            Rendition.state == RenditionState.MAKING,
        )
        .order_by(Rendition.key)
        .with_for_update()
    )
    return dict(session.execute(statement).all())


def settle_files(session: Session, files: Sequence[RenderedFile]) -> None:
    """Write down that these exist; each is named after its key."""
    for file in files:
        session.execute(
            update(Rendition)
            .where(Rendition.key == file.name)
            .values(
                state=RenditionState.PRESENT,
                media_type=file.media_type,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                crc32=file.crc32,
                width=file.width,
                height=file.height,
                duration_ms=file.duration_ms,
                placeholder=file.placeholder,
                lease_until=None,
                failure="",
                failure_text="",
                progress=100,
                made_at=func.vitrine_now(),
            )
        )


def keep_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down renditions that nobody else can have begun; what exists already stays."""
    for batch in batched(rows, _BATCH):
        session.execute(insert(Rendition).on_conflict_do_nothing(), batch)


def settle_failure(session: Session, keys: Sequence[str], failure: Failure) -> None:
    """Write down that these cannot be made: nobody tries again while content and recipe last."""
    session.execute(
        update(Rendition)
        .where(Rendition.key.in_(keys), Rendition.state == RenditionState.MAKING)
        .values(
            state=RenditionState.FAILED,
            failure=failure.code,
            failure_text=failure.message,
            lease_until=None,
        )
    )


def let_go(session: Session, keys: Collection[str], *, maker: str) -> None:
    """Make these no longer: whoever needs them next tries again."""
    session.execute(
        delete(Rendition).where(
            Rendition.key.in_(keys),
            Rendition.maker == maker,
            Rendition.state == RenditionState.MAKING,
        )
    )


def read_facts(session: Session, digests: Iterable[str]) -> dict[str, Facts]:
    """Read what was found inside originals, by the SHA-256 of their content in hex."""
    found: dict[str, Facts] = {}
    for batch in batched(sorted(set(digests)), _BATCH):
        contents = [bytes.fromhex(digest) for digest in batch]
        is_wanted = Inspection.sha256 == _any_of(contents, LargeBinary())
        rows = session.scalars(select(Inspection).where(is_wanted))
        found.update({row.sha256.hex(): Facts.read(row.facts) for row in rows})
    return found


def keep_facts(session: Session, digest: str, facts: Facts) -> None:
    """Keep what was found inside originals of this content."""
    values = {"sha256": bytes.fromhex(digest), "facts": facts.write()}
    session.execute(insert(Inspection).values(values).on_conflict_do_nothing())


def _any_of(values: Sequence[_T], kind: TypeEngine[_T]) -> Any:
    """Give values as one array: a thousand parameters take the driver longer than the database."""
    return any_(literal(values, ARRAY(kind)))
