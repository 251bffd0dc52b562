"""Work that is killed in the middle, as a child process does it; doing it twice is doing it once."""

import contextlib

from sqlalchemy import select

from models import Password, Share, SharedAsset
from services.chain.sealing import seal_waiting
from services.changes import ShareChange, change_share, revoke_link, revoke_share, withdraw_asset
from services.erasure import erase_person
from services.errors import UnknownPerson
from services.rebuilding import list_outdated, refresh
from tests.publishing import a_request, publish

RECIPIENT = "maria@paper.example"
NEIGHBOUR = a_request(request_key="neighbour", contact_lists=["press"], visibility="complete")
SPRING = NEIGHBOUR.model_copy(update={"request_key": "spring", "folder": "Campaign"})
FRESH = NEIGHBOUR.model_copy(update={"request_key": "fresh", "folder": "Fresh"})


def publish_spring(installation):
    """Publish what was rendered before: in no time."""
    publish(installation, SPRING)


def publish_fresh(installation):
    """Publish a photograph that nobody has rendered."""
    publish(installation, FRESH)


def change(installation):
    """Change everything that can be changed at once."""
    with installation.transaction() as session:
        password = session.scalars(select(Password.id)).one()
    wanted = ShareChange(expires_on="2099-12-31", downloads="off", password=str(password))
    change_share(installation, "neighbour", wanted, asked_by="test")


def withdraw(installation):
    """Take an asset out."""
    with installation.transaction() as session:
        asset = session.scalars(
            select(SharedAsset.asset_id)
            .join(Share, Share.id == SharedAsset.share_id)
            .where(Share.request_key == "neighbour", SharedAsset.position == 1)
        ).one()
    withdraw_asset(installation, "neighbour", asset, asked_by="test")


def withdraw_and_refresh(installation):
    """Take an asset out, and make zips and pages anew without it."""
    withdraw(installation)
    for share_id in list_outdated(installation):
        refresh(installation, share_id)


def revoke(installation):
    """Close a share for good."""
    revoke_share(installation, "neighbour", asked_by="test")


def close_link(installation):
    """Close one link."""
    revoke_link(installation, "neighbour", recipient=RECIPIENT, asked_by="test")


def seal(installation):
    """Seal what happened."""
    seal_waiting(installation)


def erase(installation):
    """Erase a recipient, whose letter waits."""
    with contextlib.suppress(UnknownPerson):
        erase_person(installation, RECIPIENT, asked_by="test")


#: Which work comes to which moments; `docs/moments.md` says what each is.
MOMENTS = {
    publish_spring: [
        "publish:originals_read",
        "publish:share_written",
        "publish:contents_written",
        "publish:frozen",
        "publish:claimed",
        "publish:needs_written",
        "publish:facts_noted",
        "publish:rendered",
        "publish:manifest_stored",
        "publish:plan_stored",
        "publish:plans_stored",
        "publish:bundles_written",
        "publish:bundles_offered",
        "publish:page_stored",
        "publish:pages_stored",
        "publish:page_built",
        "publish:state_written",
        "publish:letters_queued",
        "publish:opened",
    ],
    publish_fresh: [
        "render:claimed",
        "render:rendered",
        "render:file_stored",
        "render:settling",
        "render:settled",
        "publish:splices_found",
        "publish:wrapped",
    ],
    seal: ["seal:read", "seal:added", "seal:made"],
    erase: ["erase:told", "erase:links_closed", "erase:letters_gone", "erase:done"],
    change: ["change:written", "change:recorded", "change:done"],
    withdraw: ["withdraw:written", "withdraw:recorded", "withdraw:done"],
    withdraw_and_refresh: [
        "refresh:planned",
        "refresh:pages_stored",
        "refresh:build_written",
        "refresh:switched",
    ],
    revoke: ["revoke:recorded", "revoke:done"],
    close_link: ["link:recorded", "link:done"],
}
