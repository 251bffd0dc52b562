"""Make the renditions that shares need: each once, whoever asks, and each misfortune alone.

References are written before bytes, so that nothing is collected while it is being made; what
exists under its key is never made again. An original is looked into while it is rendered: what that
finds (pages, movement, a cover) can ask for more, which the next round makes.
"""

import logging
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kinds import EventKind
from models.rendition import rendition_store_key
from models.share import Share
from models.shared_asset import SharedAsset
from services.abandoned import Abandoned
from services.errors import DatabaseAway, StoreFull
from services.formats.offered import read_offered
from services.history import event_key, record
from services.installation import Installation
from services.leases import Claim, hold
from services.moments import reach
from services.needs import Need, is_renderable, list_needs
from services.render_jobs import Job, MayGoOn, Progress, Round, list_jobs
from services.rendering.orders import NO_ROOM, Failure, RenderOutcome
from services.rendering.shared_pool import get_pool
from services.rendition_rows import (
    claim_renditions,
    find_settled,
    keep_facts,
    let_go,
    lock_made,
    read_facts,
    refer,
    settle_failure,
    settle_files,
)

log = logging.getLogger(__name__)
#: These say something of the moment, not of the content: the next run tries again.
PASSING_FAILURES = frozenset({"unreadable", "changed", "cancelled"})
_TRIED_AGAIN_SECONDS = 2.0
_POLL_SECONDS = 0.5
_ASSETS_AT_ONCE = 500
#: Keys of renditions, by their maker.
_abandoned: Abandoned[str, str] = Abandoned()


@dataclass(frozen=True)
class Chunk:
    """Assets of one claimed share whose renditions one task makes."""

    claim: Claim
    positions: tuple[int, ...]


def plan_chunks(installation: Installation, claim: Claim) -> list[Chunk]:
    """Write down which renditions the share needs, and divide the missing ones into chunks."""
    positions: dict[int, None] = {}
    seen: set[str] = set()
    with installation.transaction() as session:
        share = hold(session, claim)
        ordered = (
            select(SharedAsset)
            .where(SharedAsset.share_id == share.id)
            .order_by(SharedAsset.position)
            # Ten thousand assets take no more memory than these.
            .execution_options(yield_per=_ASSETS_AT_ONCE)
        )
        for assets in session.scalars(ordered).partitions():
            needs = find_needs(installation, session, share, assets)
            refer(session, share.id, needs)
            settled = find_settled(session, {need.key for need in needs})
            for need in needs:
                # Of assets with the same content the first one brings what all of them need.
                if need.key not in settled and need.key not in seen:
                    seen.add(need.key)
                    positions[need.position] = None
    reach("publish:needs_written")
    todo, size = list(positions), installation.settings.render_chunk
    return [Chunk(claim, tuple(todo[i : i + size])) for i in range(0, len(todo), size)]


def find_needs(
    installation: Installation, session: Session, share: Share, assets: Sequence[SharedAsset]
) -> list[Need]:
    """Find what assets of a share need, by what is known of the insides of their originals."""
    formats = read_offered(session, share)
    digests = (part["sha256"] for asset in assets for part in asset.parts if is_renderable(part))
    facts = read_facts(session, digests)
    converts = bool(installation.settings.office_converter)
    return [
        need
        for asset in assets
        for need in list_needs(share, asset, formats, facts, converts_office=converts)
    ]


def render_chunk(installation: Installation, chunk: Chunk) -> int:
    """Make the missing renditions of a chunk, and return how many were made.

    An original that cannot be rendered is a result too: it is written down and told, and the others
    go on.
    """
    rounds = _start(installation, f"{chunk.claim.share_id}:{chunk.claim.fence}")
    while True:
        with installation.transaction() as session:
            share = hold(session, chunk.claim)
            assets = session.scalars(
                select(SharedAsset).where(
                    SharedAsset.share_id == share.id, SharedAsset.position.in_(chunk.positions)
                )
            ).all()
            needs = find_needs(installation, session, share, assets)
            refer(session, share.id, needs)
        if not make_needed(installation, assets, needs, rounds):
            return rounds.made


def make_ordered(
    installation: Installation,
    assets: Sequence[SharedAsset],
    needs: Sequence[Need],
    *,
    maker: str,
    may_go_on: MayGoOn,
) -> None:
    """Make renditions to order, or wait for whoever makes them already."""
    rounds = _start(installation, maker)
    size = installation.settings.render_chunk
    for start in range(0, len(needs), size):
        some = needs[start : start + size]
        while may_go_on() and make_needed(installation, assets, some, rounds, may_go_on):
            continue


def make_needed(
    installation: Installation,
    assets: Sequence[SharedAsset],
    needs: Sequence[Need],
    rounds: Round,
    may_go_on: MayGoOn = lambda: True,
) -> bool:
    """Make what of these is missing and made by nobody; False once nothing is missing any more.

    Where an error ends it, what it had claimed is free again for the next try.
    """
    with installation.transaction() as session:
        left = _abandoned.find(rounds.maker)
        if left:
            let_go(session, left, maker=rounds.maker)
        settled = find_settled(session, {need.key for need in needs})
        missing = [n for n in needs if n.key not in settled and n.key not in rounds.given_up]
        claimed = claim_renditions(session, missing, maker=rounds.maker, seconds=rounds.seconds)
    _abandoned.clear(rounds.maker, left)
    if not missing:
        return False
    reach("render:claimed")
    if not claimed:
        # Another run makes them: if it dies, its lease runs out and they are claimed here.
        time.sleep(_POLL_SECONDS)
        return True
    try:
        if claimed & rounds.tried:
            time.sleep(_TRIED_AGAIN_SECONDS)
        mine = [need for need in missing if need.key in claimed]
        _make(installation, assets, mine, rounds, may_go_on)
    except BaseException:
        _free(installation, claimed, rounds)
        raise
    return True


def _make(
    installation: Installation,
    assets: Sequence[SharedAsset],
    mine: Sequence[Need],
    rounds: Round,
    may_go_on: MayGoOn,
) -> None:
    with tempfile.TemporaryDirectory(prefix="vitrine-render-") as folder:
        orders = {
            one.order.name: one for one in list_jobs(installation, assets, mine, Path(folder))
        }
        with Progress(installation, orders, rounds, may_go_on) as progress:
            pool = get_pool(installation.settings)
            for outcome in pool.render([one.order for one in orders.values()], progress.tell):
                reach("render:rendered")
                _settle(installation, orders[outcome.order.name], outcome, rounds)
                progress.settle(outcome.order)


def _free(installation: Installation, claimed: Collection[str], rounds: Round) -> None:
    """Let go of what is claimed and not settled: the next try has the same name, and would wait."""
    try:
        with installation.transaction() as session:
            left = lock_made(session, claimed, maker=rounds.maker)
            let_go(session, list(left), maker=rounds.maker)
    except DatabaseAway:
        # Nothing can be written now: the next try in this process does so first.
        _abandoned.leave(rounds.maker, claimed)


def _start(installation: Installation, maker: str) -> Round:
    # A file may be tried twice before anything is heard of it.
    return Round(maker, seconds=2.0 * installation.settings.render_seconds + 30)


def _settle(installation: Installation, job: Job, outcome: RenderOutcome, rounds: Round) -> None:
    failures = dict(outcome.failures)
    if outcome.failure is not None:
        log.warning(
            "share %s: asset %d: %s",
            job.asset.share_id,
            job.asset.position,
            outcome.failure.code,
        )
        failures = dict.fromkeys(job.list_keys(), outcome.failure)
        if outcome.failure.may_be_chance:
            # The pool has tried all of it twice.
            rounds.tried.update(failures)
    is_full = any(one.code == NO_ROOM for one in failures.values())
    with installation.transaction() as session:
        owned = lock_made(session, job.list_keys(), maker=rounds.maker)
        files = [file for file in outcome.files if file.name in owned]
        for file in files:
            place = rendition_store_key(file.name, owned[file.name])
            installation.store.adopt_file(place, Path(file.path))
            reach("render:file_stored")
        settle_files(session, files)
        if outcome.failure is None:
            keep_facts(session, job.order.name, outcome.facts)
        for name, failure in failures.items():
            if name in owned and not is_full:
                _settle_failure(session, name, failure, rounds)
        _note_passing(session, job, failures, rounds)
        reach("render:settling")
    reach("render:settled")
    rounds.made += len(files)
    if is_full:
        # Whatever else failed with it may be the disk's fault too: all of it is tried again.
        raise StoreFull


def _settle_failure(session: Session, key: str, failure: Failure, rounds: Round) -> None:
    if rounds.may_try_again(key, failure):
        let_go(session, [key], maker=rounds.maker)
    elif failure.code in PASSING_FAILURES:
        rounds.given_up.add(key)
        let_go(session, [key], maker=rounds.maker)
    else:
        settle_failure(session, [key], failure)


def _note_passing(
    session: Session, job: Job, failures: Mapping[str, Failure], rounds: Round
) -> None:
    """Tell of what was given up for now; what failed for good is told when all is rendered."""
    given_up = [one for name, one in failures.items() if name in rounds.given_up]
    told = [one for one in given_up if one.code != "cancelled"]
    if not told:
        return
    asset = job.asset
    record(
        session,
        EventKind.RENDITION_FAILED,
        key=event_key(asset.share_id, "rendition failed", asset.position),
        share_id=asset.share_id,
        position=asset.position,
        payload={"failure": told[0].code, "formats": []},
        person={"asset_id": asset.asset_id, "message": told[0].message},
    )
