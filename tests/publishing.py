"""Publish in a test what a flow publishes, step by step and without Prefect."""

from uuid import UUID, uuid4

from sqlalchemy import select

from models import Grant, Share
from services.bundling import plan_bundles
from services.freezing import claim_share
from services.installation import Installation
from services.links import show_link
from services.opening import open_share
from services.pages import build_page
from services.rendered import finish_rendering
from services.renditions import plan_chunks, render_chunk
from services.requests import ShareRequest
from services.wrapping import wrap_downloads


def a_request(**changes) -> ShareRequest:
    """A request for the whole library, changed by keyword."""
    return ShareRequest(**({"owner": "owner", "title": "Spring", "folder": "/"} | changes))


def publish(installation: Installation, request: ShareRequest | None = None, run: str = "") -> UUID:
    """Publish a share and return its id."""
    claim = claim_share(installation, request or a_request(), run=run or str(uuid4()))
    for chunk in plan_chunks(installation, claim):
        render_chunk(installation, chunk)
    finish_rendering(installation, claim)
    wrap_downloads(installation, claim)
    plan_bundles(installation, claim)
    open_share(installation, claim, build_page(installation, claim))
    return claim.share_id


def link_of(installation: Installation, share_id: UUID, recipient: str = "") -> str:
    """The path of a share's page, with its token."""
    with installation.transaction() as session:
        grant = session.scalars(
            select(Grant).where(Grant.share_id == share_id, Grant.recipient == recipient)
        ).one()
    return show_link(installation.seals, grant, "")


def share_of(installation: Installation, share_id: UUID) -> Share:
    """The row of a share."""
    with installation.transaction() as session:
        return session.get_one(Share, share_id)
