"""Shares as rows, without a file or a page: for tests of what is read, changed and decided."""

from datetime import UTC, datetime

from models import Grant, Share, SharedAsset
from models.base import new_id
from models.kinds import AssetKind, ShareState
from services.installation import Installation
from services.links import make_grant, show_link


def keep_share(installation: Installation, *asset_ids: str, **values) -> Share:
    """Keep an open share of these assets, changed by keyword, with a link for everybody."""
    # Nothing can be added to a share that is being purged: it becomes what is wanted at the end.
    wanted = values.pop("state", ShareState.OPEN)
    share = Share(
        **{
            "id": new_id(),
            "request_key": str(new_id()),
            "request_digest": b"",
            "owner": "anna",
            "title": "Spring",
            "state": ShareState.OPEN,
            "current_build": "none",
            "formats": ["original"],
            "contact_lists": [],
            **values,
        }
    )
    with installation.transaction() as session:
        session.add(share)
        session.flush()
        session.add(make_grant(installation.seals, share.id))
        session.add_all(
            a_shared_asset(share.id, position, asset_id)
            for position, asset_id in enumerate(asset_ids or ("one.jpg",), 1)
        )
        session.flush()
        share.state = wanted
    return share


def a_shared_asset(share_id, position: int, asset_id: str) -> SharedAsset:
    """A shared asset without anything to it."""
    return SharedAsset(
        share_id=share_id,
        position=position,
        asset_id=asset_id,
        kind=AssetKind.IMAGE,
        title=f"Title of {asset_id}",
        media_type="image/jpeg",
        source_key=asset_id,
        file_name=asset_id,
        size_bytes=1,
        sha256=b"",
        crc32=0,
        modified_at=datetime(2026, 1, 1, tzinfo=UTC),
        parts=[],
    )


def token_of(installation: Installation, share: Share) -> str:
    """The token of a share's link for everybody."""
    with installation.transaction() as session:
        grant = session.query(Grant).where(Grant.share_id == share.id, Grant.recipient == "").one()
    return show_link(installation.seals, grant, "").strip("/").rpartition("/")[2]
