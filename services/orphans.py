"""Collect what lies in the store and no row names: files of dead makers, builds, former plans."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from models.bundle import Bundle, Selection
from models.kinds import ShareState
from models.rendition import Rendition
from models.share import Share
from services.batches import batched
from services.bundles.reader import Plan
from services.clock import read_clock
from services.installation import Installation
from services.moments import reach
from services.store import StoredFile

_BATCH = 500
_FILE = re.compile(r"renditions/[0-9a-f]{2}/([0-9a-f]{64})\.(\d+)")
#: A file that is being written, a plan whose row is about to be: both are over by then.
_SHORTEST_SECONDS = 3600.0
#: The manifest, its signature and the sums are the last that a zip has.
_OWN_FILES = 3


def collect_orphans(installation: Installation) -> dict[str, int]:
    """Remove all that no row names, and return how much of what."""
    return {"orphans": collect_files(installation), **collect_of_shares(installation)}


def collect_files(installation: Installation) -> int:
    """Remove files of renditions that no row names, and return how many."""
    count = 0
    for some in batched(installation.store.list_objects("renditions/"), _BATCH):
        orphans = find_orphans(installation, some)
        installation.store.delete(one.key for one in orphans)
        reach("collect:orphans_removed")
        count += len(orphans)
    return count


def find_orphans(installation: Installation, files: Sequence[StoredFile]) -> list[StoredFile]:
    """Find those of these files of renditions that no row names.

    A row is there before its file and its number is its own, so that a file without one has had
    one, and will not have it again. What is half written has another name and is given time.
    """
    if not files:
        return []
    named = {one.key: match.groups() for one in files if (match := _FILE.fullmatch(one.key))}
    wanted = [(key, int(number)) for key, number in named.values()]
    place = tuple_(Rendition.key, Rendition.generation)
    with installation.transaction() as session:
        known = set(
            session.execute(select(Rendition.key, Rendition.generation).where(place.in_(wanted)))
        )
    return [
        one
        for one in files
        if (
            (named[one.key][0], int(named[one.key][1])) not in known
            if one.key in named
            else one.age_seconds > _SHORTEST_SECONDS
        )
    ]


def collect_of_shares(installation: Installation) -> dict[str, int]:
    """Remove builds that no share shows and plans that no zip is made by; say how many of each."""
    counts = {"builds": 0, "plans": 0}
    for name in installation.store.list_folders("pages/"):
        counts["builds"] += _collect_builds(installation, UUID(name))
    for name in installation.store.list_folders("plans/"):
        counts["plans"] += _collect_plans(installation, UUID(name))
    return counts


def _collect_builds(installation: Installation, share_id: UUID) -> int:
    """Remove the builds of a share to which it was never switched, or is not any more."""
    folders = {
        build: f"pages/{share_id}/{build}/"
        for build in installation.store.list_folders(f"pages/{share_id}/")
    }
    grace = max(installation.settings.garbage_grace_hours * 3600, _SHORTEST_SECONDS)
    old = [build for build in folders if _youngest(installation, folders[build]) > grace]
    if not old:
        return 0
    with installation.transaction() as session:
        share = session.get(Share, share_id, with_for_update=True)
        if share is None or share.state is ShareState.PURGING:
            return 0
        if share.state is ShareState.PUBLISHING:
            if share.lease_until is not None and share.lease_until > read_clock(session):
                return 0
            # The run that made them may only have been asleep: now it can open nothing with them.
            share.fence += 1
        current = share.current_build
    gone = [build for build in old if build != current]
    for build in gone:
        installation.store.delete_folder(folders[build])
        reach("collect:build_removed")
    return len(gone)


def _youngest(installation: Installation, folder: str) -> float:
    return min((one.age_seconds for one in installation.store.list_objects(folder)), default=0.0)


def _collect_plans(installation: Installation, share_id: UUID) -> int:
    """Remove former plans, and what only they name."""
    grace = max(installation.settings.garbage_grace_hours * 3600, _SHORTEST_SECONDS)
    files = installation.store.list_objects(f"plans/{share_id}/")
    old = [one for one in files if one.age_seconds > grace]
    if not old:
        return 0
    with installation.transaction() as session:
        share = session.get(Share, share_id)
        if share is None or share.state is ShareState.PURGING:
            return 0
        plans = list_plans(session, share_id)
    named = {*plans, *(key for plan in plans for key in list_own_files(installation, plan))}
    gone = [one.key for one in old if one.key not in named]
    installation.store.delete(gone)
    reach("collect:plans_removed")
    return len(gone)


def list_plans(session: Session, share_id: UUID) -> list[str]:
    """List the keys of the plans of a share's zips, selections included."""
    return [
        key
        for model in (Bundle, Selection)
        for key in session.scalars(select(model.plan_key).where(model.share_id == share_id))
    ]


def list_own_files(installation: Installation, plan_key: str) -> list[str]:
    """List what a plan says of its zip's own files: manifest, signature, sums."""
    try:
        plan = Plan(installation.store.map(plan_key))
    except FileNotFoundError:
        return []
    last = range(max(0, plan.entry_count - _OWN_FILES), plan.entry_count)
    sources = (plan.read_entry(index)[0] for index in last)
    return [source["stored"] for source in sources if "stored" in source]
