"""Build the pages of a share: rows become views, views become files of one build in the store.

A build is written beside the old one and nobody sees it until the share is switched to it.
"""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select

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


def build_page(installation: Installation, claim: Claim) -> str:
    """Build all pages of the share, and return the id of the build; an open share keeps its own."""
    with installation.transaction() as session:
        share = hold(session, claim)
        if share.state is not ShareState.PUBLISHING and share.current_build:
            return share.current_build
        contents = read_contents(session, share)
        bundles = session.scalars(select(Bundle).where(Bundle.share_id == share.id)).all()
        brand = view_brand(session, share.brand_id)
    build = new_id().hex
    count = total = 0
    offered = {(one.position, one.format): one for one in bundles}
    for name, content in _render(installation.store, contents, offered, brand):
        installation.store.put(page_key(share.id, build, name), content)
        count, total = count + 1, total + len(content)
        reach("publish:page_stored")
    reach("publish:pages_stored")
    with installation.transaction() as session:
        hold(session, claim)
        record(
            session,
            EventKind.PAGE_BUILT,
            key=event_key(share.id, "built", build),
            share_id=share.id,
            payload={"build": build, "pages": count, "bytes": total},
        )
    reach("publish:page_built")
    return build


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
