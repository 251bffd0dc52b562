"""What a history of ten million events costs: its newest fifty, sealing it, and proving it.

Events are made by the database itself, of shares with five hundred each that lie scattered over all
of it. Sealing and proving cost the same for each event however many there are, so they are measured
on the first million. `COUNT=` makes fewer; the whole needs 5 GB of disk.
"""

import hashlib
import os
import statistics
import sys
import time
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.founded import founded
from benchmarks.result import Result
from services.bundles.signature import read_keys
from services.chain.checking import verify_file, verify_history
from services.chain.sealing import seal_waiting
from services.exporting import HistoryExport, export_history
from services.installation import Installation
from services.share_history import select_history
from services.signing import read_public_keys

_COUNT = int(os.environ.get("COUNT", "10000000"))
_SEALED = min(_COUNT, 1_000_000)
_BATCH = 500_000
_EACH = 500
_SHARES = max(1, _COUNT // _EACH)
_LOOKS = 200
_MAKE = """
    INSERT INTO history_event (event_key, kind, share_id, grant_id, position, actor, payload,
        payload_version, person_commitment)
    SELECT gen_random_uuid(), 'download:started', share, share, n % 300, 'recipient',
        jsonb_build_object('what', 'original', 'download', gen_random_uuid(), 'bytes', n,
            'visitor', md5(n::text), 'class', 'human'),
        1, sha256(n::text::bytea)
    FROM generate_series({first}, {last}) n, LATERAL (SELECT md5((n % {shares})::text)::uuid share) s
"""
_Owner = psycopg.Connection[tuple[Any, ...]]


def measure() -> list[Result]:
    """Seal and prove the first events, make the others, and look at shares."""
    with founded() as (installation, cluster), cluster.connect("vitrine") as owner:
        _make_events(owner, 1, _SEALED)
        chain = _measure_chain(installation)
        _make_events(owner, _SEALED + 1, _COUNT)
        owner.execute("VACUUM ANALYZE history_event")
        return [*_measure_newest(installation, owner), *chain]


def _make_events(owner: _Owner, first: int, last: int) -> None:
    for start in range(first, last + 1, _BATCH):
        end = min(last, start + _BATCH - 1)
        owner.execute(_MAKE.format(first=start, last=end, shares=_SHARES))
        print(f"{end:,} events", file=sys.stderr)


def _measure_chain(installation: Installation) -> list[Result]:
    began = time.perf_counter()
    sealed = seal_waiting(installation)
    sealing = sealed / (time.perf_counter() - began)
    assert sealed == _SEALED, sealed
    keys = read_keys(read_public_keys(installation))
    wanted = HistoryExport()
    began = time.perf_counter()
    made = export_history(installation, wanted, asked_by="bench")
    exporting = made.events / (time.perf_counter() - began)
    began = time.process_time()
    verdict = verify_file(made.path, keys)
    proving = verdict.events / (time.process_time() - began)
    assert verdict.is_proven(), verdict
    assert verdict.events == _SEALED, verdict
    made.path.unlink()
    began = time.perf_counter()
    verdict = verify_history(installation, keys)
    looking = verdict.events / (time.perf_counter() - began)
    assert verdict.is_proven(), verdict
    of = f"of {_SEALED:,} events"
    proof = f"checking an export {of}, {made.size_bytes:,} bytes, on one core"
    return [
        _rate("history_sealing", f"sealing {of}, a thousand to a durable commit", sealing, 2000),
        _rate("history_verification", proof, proving, 50_000),
        _rate("history_export", f"writing the export {of}", exporting, 10_000),
        _rate("history_live", f"checking the history {of} in the database", looking, 10_000),
    ]


def _rate(name: str, what: str, rate: float, target: float) -> Result:
    return Result(name, what, "events/s", "higher", round(rate), target)


def _measure_newest(installation: Installation, owner: _Owner) -> list[Result]:
    times = []
    for number in range(_LOOKS):
        share = UUID(hashlib.md5(str(number * 7919 % _SHARES).encode()).hexdigest())  # noqa: S324
        began = time.perf_counter()
        with installation.transaction() as session:
            found = session.execute(select_history(share, after=0, limit=50)).all()
        times.append((time.perf_counter() - began) * 1000)
        assert len(found) == min(51, _COUNT // _SHARES), len(found)
    plan = _find_plan(installation, owner, share)
    assert "ix_history_event_share" in plan, plan
    what = f"the newest 50 events of a share among {_COUNT:,}; {plan}"
    p95 = sorted(times)[round(0.95 * len(times)) - 1]
    size = owner.execute("SELECT pg_total_relation_size('history_event')").fetchone()
    print(f"history_event: {size[0] if size else 0:,} bytes with its indexes", file=sys.stderr)
    return [
        Result("history_newest", what, "ms", "lower", round(statistics.median(times), 3), 5),
        Result("history_newest_p95", f"{what}: 95 of 100", "ms", "lower", round(p95, 3), 5),
    ]


def _find_plan(installation: Installation, owner: _Owner, share: UUID) -> str:
    """Say which way the database takes."""
    statement = select_history(share, after=0, limit=50).compile(
        dialect=installation.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    lines = [line for (line,) in owner.execute(f"EXPLAIN {statement}")]
    return str(next(line for line in lines if "on history_event" in line)).strip(" ->")
