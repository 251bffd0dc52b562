"""Work that is killed in the middle, as a child process does it; doing it twice is doing it once."""

import contextlib

from sqlalchemy import select

from models import Password, Rendition, RenditionRef, Share, SharedAsset
from services.chain.sealing import seal_waiting
from services.changes import ShareChange, change_share, revoke_link, revoke_share, withdraw_asset
from services.closing import expire_shares
from services.erasure import erase_person
from services.errors import UnknownPerson
from services.finishing import finish_publications, give_up_shares, replan_stale
from services.garbage import collect_renditions
from services.leftovers import forget_leftovers
from services.mending import mend
from services.orphans import collect_orphans
from services.pages import page_key
from services.purging import begin_purges, carry_out_purges, list_runs, note_forgotten
from services.rebuilding import list_outdated, refresh
from services.shares import find_share
from services.store_check import look
from tests.publishing import a_request, publish

RECIPIENT = "maria@paper.example"
NEIGHBOUR = a_request(
    request_key="neighbour", folder="Campaign", contact_lists=["press"], visibility="complete"
)
SPRING = NEIGHBOUR.model_copy(update={"request_key": "spring"})
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


def expire(installation):
    """Mark what is over."""
    expire_shares(installation)


def purge(installation):
    """Purge the share that was revoked, and forget what nobody needs."""
    begin_purges(installation)
    note_forgotten(installation, list_runs(installation, 100))
    carry_out_purges(installation)
    forget_leftovers(installation)


def collect(installation):
    """Purge a share, and collect what nobody needs then."""
    purge(installation)
    collect_renditions(installation)
    collect_orphans(installation)


def reconcile(installation):
    """Finish a publication whose run died, and give up another one."""
    finish_publications(installation, run="reconcile")
    give_up_shares(installation)


def mend_store(installation):
    """Make again what was lost; it is lost once."""
    mark = installation.settings.home / "lost"
    if not mark.exists():
        mark.touch()
        with installation.transaction() as session:
            share = find_share(session, "neighbour")
            lost = session.scalars(
                select(Rendition)
                .join(RenditionRef, RenditionRef.key == Rendition.key)
                .where(RenditionRef.share_id == share.id, Rendition.splices.is_(None))
                .order_by(Rendition.key)
            ).first()
        page = page_key(share.id, share.current_build, "asset-2.html")
        installation.store.delete([lost.store_key, page])
    mend(installation, look(installation))
    replan_stale(installation)


#: How late it is when these begin.
BEGIN_LATE = {expire: "10 years", reconcile: "1 hour"}

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
    expire: ["expire:marked", "expire:done"],
    purge: [
        "purge:state_written",
        "purge:list_written",
        "purge:begun",
        "purge:letters_removed",
        "purge:folder_removed",
        "purge:folders_done",
        "purge:rows_removed",
        "purge:rows_done",
        "purge:looked",
        "purge:receipt_written",
        "purge:receipts_kept",
        "purge:leftovers_forgotten",
    ],
    collect: [
        "collect:marked",
        "collect:locked",
        "collect:rows_removed",
        "collect:files_removed",
        "collect:orphans_removed",
        "collect:build_removed",
        "collect:plans_removed",
    ],
    reconcile: ["reconcile:claimed", "reconcile:given_up"],
    mend_store: ["mend:unmade", "mend:plans_stale", "mend:page_rebuilt"],
}
