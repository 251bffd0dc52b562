"""What one share offers: its formats as they were when it was frozen, and what was made to order."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.format import ShareFormat
from models.share import Share
from services.formats.catalogue import Format
from services.formats.recipes import read_recipe, write_recipe


def read_offered(session: Session, share: Share) -> list[Format]:
    """Read the formats that the owner chose, in the order in which they are offered."""
    rows = {
        row.name: row
        for row in session.scalars(select(ShareFormat).where(ShareFormat.share_id == share.id))
    }
    return [_read(rows[name]) for name in share.formats if name in rows]


def read_custom(session: Session, share: Share) -> list[Format]:
    """Read the formats that somebody asked for since, in the order of asking."""
    rows = session.scalars(
        select(ShareFormat)
        .where(ShareFormat.share_id == share.id, ShareFormat.is_custom)
        .order_by(ShareFormat.made_at, ShareFormat.name)
    )
    return [_read(row) for row in rows]


def find_offered(session: Session, share_id: object, name: str) -> Format:
    """Find a format that the share offers, as it was frozen with it."""
    return _read(session.get_one(ShareFormat, (share_id, name)))


def keep_offered(
    session: Session, share_id: object, formats: list[Format], *, is_custom: bool = False
) -> None:
    """Freeze formats with a share; one that it has stays as it is."""
    for one in formats:
        values = {
            "share_id": share_id,
            "name": one.name,
            "label": one.label,
            "recipe": write_recipe(one.recipe),
            "is_custom": is_custom,
        }
        session.execute(insert(ShareFormat).values(values).on_conflict_do_nothing())


def _read(row: ShareFormat) -> Format:
    return Format(row.name, row.label, read_recipe(row.recipe))
