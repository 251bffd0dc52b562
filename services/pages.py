"""Build the pages of a share: rows become views, views become files of one build in the store.

A build is written beside the old one and nobody sees it until the share is switched to it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import new_id
from models.bundle import Bundle
from models.kinds import EventKind, ShareState
from page_builder.pages import render_asset_page, render_share_page, write_colours
from page_builder.views import BrandView
from services.brands import view_brand
from services.contents import Contents, read_contents
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, hold
from services.moments import reach
from services.page_views import view_asset_page, view_share, view_share_pages
from services.store import Store

#: The page on which a link opens.
FIRST_PAGE = "page-1.html"


@dataclass(frozen=True)
class Build:
    """One writing of all pages of a share."""

    id: str
    pages: int
    size_bytes: int


def build_page(installation: Installation, claim: Claim) -> str:
    """Build all pages of the share, and return the id of the build; an open share keeps its own."""
    with installation.transaction() as session:
        share = hold(session, claim)
        if share.state is not ShareState.PUBLISHING and share.current_build:
            return share.current_build
        contents = read_contents(session, share)
        bundles = session.scalars(select(Bundle).where(Bundle.share_id == share.id)).all()
        brand = view_brand(session, share.brand_id)
    build = write_build(installation, contents, bundles, brand)
    reach("publish:pages_stored")
    with installation.transaction() as session:
        hold(session, claim)
        note_build(session, share.id, build)
    reach("publish:page_built")
    return build.id


def write_build(
    installation: Installation, contents: Contents, bundles: Sequence[Bundle], brand: BrandView
) -> Build:
    """Write all pages of a share into a place of their own; what was withdrawn is not on them."""
    left = [one for one in contents.assets if one.withdrawn_at is None]
    # Of a share of which nothing is left the gate shows nothing.
    contents = replace(contents, assets=left or contents.assets)
    build = new_id().hex
    count = total = 0
    offered = {(one.position, one.format): one for one in bundles}
    for name, content in _render(installation.store, contents, offered, brand):
        installation.store.put(page_key(contents.share.id, build, name), content)
        count, total = count + 1, total + len(content)
        reach("publish:page_stored")
    return Build(build, count, total)


def note_build(session: Session, share_id: UUID, build: Build) -> None:
    """Tell the history of a build."""
    record(
        session,
        EventKind.PAGE_BUILT,
        key=event_key(share_id, "built", build.id),
        share_id=share_id,
        payload={"build": build.id, "pages": build.pages, "bytes": build.size_bytes},
    )


def page_key(share_id: UUID, build: str, name: str) -> str:
    """Say where a file of a build lies in the store."""
    return f"pages/{share_id}/{build}/{name}"


def _render(
    store: Store, contents: Contents, bundles: dict[tuple[int, str], Bundle], brand: BrandView
) -> Iterator[tuple[str, bytes]]:
    share_view = view_share(contents, bundles, brand)
    for number, view in enumerate(view_share_pages(contents, share_view, bundles), 1):
        yield f"page-{number}.html", render_share_page(view)
        yield f"colours-{number}.css", write_colours(view)
    for index in range(len(contents.assets)):
        view_of_asset = view_asset_page(contents, store, share_view, bundles, index)
        yield f"asset-{contents.assets[index].position}.html", render_asset_page(view_of_asset)
