import csv
import json
from itertools import pairwise

import pytest

from models import HistoryEvent, Share
from models.kinds import EventKind, ShareState
from services.chain.checking import is_history, verify_file
from services.chain.links import Anchor, read_anchor
from services.chain.sealing import find_anchor, seal_waiting
from services.exporting import HistoryExport, export_history
from tests.services.chain.conftest import SHARES, tell


@pytest.fixture
def with_shares(sealed):
    with sealed.transaction() as session:
        for number, share_id in enumerate(SHARES):
            session.add(
                Share(
                    id=share_id, request_key=f"k{number}", request_digest=b"", owner="o", title="t",
                    state=ShareState.OPEN, formats=[], contact_lists=[],
                )
            )  # fmt: skip
    return sealed


def export(installation, **wanted):
    return export_history(installation, HistoryExport(**wanted), asked_by="test").path


def read(path):
    return path.read_bytes().splitlines()


def write(path, lines):
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def find(lines, event):
    """The place of an event among the lines."""
    return next(n for n, line in enumerate(lines) if line.startswith(b'{"id":%d,' % event))


def test_an_export_is_proven_with_the_public_key_alone(sealed, keys):
    path = export(sealed)

    verdict = verify_file(path, keys)

    assert is_history(path)
    assert (verdict.fault, verdict.events, verdict.seals) == ("", 30, 3)
    assert path.parent == sealed.settings.home.resolve() / "exports"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert b"paper.example" not in path.read_bytes()


def test_that_the_history_was_exported_is_on_record(sealed):
    export(sealed, form="csv", personal=True)

    with sealed.transaction() as session:
        event = session.query(HistoryEvent).order_by(HistoryEvent.id.desc()).first()
        assert event.kind is EventKind.HISTORY_EXPORTED
        assert event.payload == {"form": "csv", "is_personal": True, "events": 30, "door": "test"}


def test_an_export_seals_what_waits_first(sealed, keys):
    tell(sealed, 31)

    assert verify_file(export(sealed), keys).events == 31


def test_an_empty_history_is_proven_to_be_empty(installation, keys):
    verdict = verify_file(export(installation), keys)

    assert (verdict.fault, verdict.events, verdict.seals) == ("", 0, 0)


def test_whatever_happens_to_one_line_nothing_is_proven_any_more(sealed, keys, tmp_path):
    lines = read(export(sealed, personal=True))
    for n, line in enumerate(lines):
        for changed in (
            [*lines[:n], *lines[n + 1 :]],
            [*lines[:n], line, *lines[n:]],
            [*lines[:n], line[:-2] + b" " + line[-1:], *lines[n + 1 :]],
            [*lines[:n], line[:20], *lines[n + 1 :]],
            [*lines[:n], *lines[n : n + 2][::-1], *lines[n + 2 :]] if n + 1 < len(lines) else [],
            lines[:n],
        ):
            verdict = verify_file(write(tmp_path / "changed", changed), keys)
            assert not verdict.is_proven(), (n, line[:60])


@pytest.mark.parametrize("event", [1, 10, 11, 17, 30])
def test_an_event_that_was_altered_in_the_file_is_named_with_its_line(sealed, keys, event):
    path = export(sealed)
    lines = read(path)
    n = find(lines, event)
    lines[n] = lines[n].replace(b"page:built", b"page:boilt")

    verdict = verify_file(write(path, lines), keys)

    assert (verdict.harm, verdict.event, verdict.line) == ("altered", event, n + 1)


@pytest.mark.parametrize("event", [1, 10, 11, 17, 30])
def test_an_event_that_was_dropped_from_the_file_is_named(sealed, keys, event):
    path = export(sealed)
    lines = read(path)
    del lines[find(lines, event)]

    verdict = verify_file(write(path, lines), keys)

    assert (verdict.harm, verdict.event) == ("dropped", event)


@pytest.mark.parametrize("before", [1, 10, 11, 17, 30])
def test_an_event_that_was_inserted_into_the_file_is_named(sealed, keys, before):
    path = export(sealed)
    lines = read(path)
    n = find(lines, before)
    lines.insert(n, lines[n].replace(b'{"id":%d,' % before, b'{"id":900,'))

    verdict = verify_file(write(path, lines), keys)

    assert (verdict.harm, verdict.event) == ("inserted", 900)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (12, 19), (21, 30)])
def test_events_that_were_reordered_in_the_file_are_named(sealed, keys, first, second):
    path = export(sealed)
    lines = read(path)
    a, b = find(lines, first), find(lines, second)
    lines[a], lines[b] = lines[b], lines[a]

    verdict = verify_file(write(path, lines), keys)

    assert (verdict.harm, verdict.event) == ("reordered", first)


def test_seals_that_were_reordered_dropped_or_doubled_in_the_file_are_named(sealed, keys, tmp_path):
    lines = read(export(sealed))
    at = [n for n, line in enumerate(lines) if line.startswith((b'{"seal":', b'{"end":'))]
    head, (one, two, three), end = (
        lines[: at[0]],
        [lines[a:b] for a, b in pairwise(at)],
        lines[at[3] :],
    )
    for blocks, harm, what in (
        ([one, three], "dropped", "seal 2"),
        ([two, three], "dropped", "seal 1"),
        ([one, three, two], "dropped", "seal 2"),
        ([one, two, two, three], "reordered", "seal 2"),
        ([one, two], "dropped", "seal 3"),
    ):
        changed = [*head, *[line for block in blocks for line in block], *end]
        verdict = verify_file(write(tmp_path / "changed", changed), keys)
        assert verdict.harm == harm and what in verdict.fault


def test_a_file_that_breaks_off_is_truncated(sealed, keys):
    path = export(sealed)
    lines = read(path)

    verdict = verify_file(write(path, lines[: len(lines) - 2]), keys)

    assert verdict.harm == "truncated" and "after event 30" in verdict.fault


def test_an_older_export_is_found_with_the_anchor_of_a_later_seal(sealed, keys):
    path, noted = export(sealed), find_anchor(sealed)
    seal_waiting(sealed)
    later = find_anchor(sealed)

    assert verify_file(path, keys, noted).is_anchored
    verdict = verify_file(path, keys, later)
    assert verdict.harm == "truncated" and "seal 4" in verdict.fault


def test_another_history_is_found_with_an_anchor(sealed, keys):
    anchor = Anchor(2, find_anchor(sealed).head)

    assert verify_file(export(sealed), keys, anchor).harm == "rewritten"


def test_without_the_right_key_nothing_is_proven(sealed):
    verdict = verify_file(export(sealed), {})

    assert verdict.harm == "unsigned" and "not among those given" in verdict.fault


def test_of_one_share_its_events_are_proven_and_no_others_are_told(with_shares, keys):
    path = export(with_shares, share="k1")

    verdict = verify_file(path, keys, find_anchor(with_shares))

    assert (verdict.fault, verdict.events, verdict.share) == ("", 15, str(SHARES[1]))
    assert str(SHARES[0]).encode() not in path.read_bytes()


@pytest.mark.parametrize("event", [1, 13, 29])
def test_of_one_share_an_altered_or_dropped_event_is_named(with_shares, keys, event):
    path = export(with_shares, share=str(SHARES[1]))
    lines = read(path)
    n = find(lines, event)

    altered = verify_file(write(path, [*lines[:n], lines[n] + b" ", *lines[n + 1 :]]), keys)
    dropped = verify_file(write(path, [*lines[:n], *lines[n + 1 :]]), keys)

    assert (altered.harm, altered.event) == ("altered", event)
    assert (dropped.harm, dropped.event) == ("dropped", event)


def test_of_one_share_an_event_cannot_be_hidden_by_not_picking_it(with_shares, keys):
    path = export(with_shares, share="k1")
    lines = read(path)
    del lines[find(lines, 13)]
    n = next(n for n, line in enumerate(lines) if b'"picked":[11,13,' in line)
    lines[n] = lines[n].replace(b"[11,13,", b"[11,")

    assert not verify_file(write(path, lines), keys).is_proven()


def test_a_share_that_nobody_touched_lately_is_small_in_a_long_history(with_shares, keys):
    tell(with_shares, *range(100, 2100, 2))
    path = export(with_shares, share="k1")

    assert verify_file(path, keys).events == 15
    # The entries of a thousand events of others would take 53 kB.
    assert path.stat().st_size < 20_000


def test_what_is_personal_is_in_it_on_request_and_its_erasure_is_no_fault(sealed, keys, tamper):
    tamper("DELETE FROM history_person WHERE event_id = 12")
    path = export(sealed, personal=True)

    verdict = verify_file(path, keys)

    assert verdict.is_proven()
    assert path.read_bytes().count(b"@paper.example") == 29


def test_what_was_altered_beside_an_event_in_the_file_is_named(sealed, keys):
    path = export(sealed, personal=True)
    path.write_bytes(path.read_bytes().replace(b'"12@paper', b'"13@paper'))

    verdict = verify_file(path, keys)

    assert (verdict.harm, verdict.event) == ("altered", 12)


@pytest.mark.parametrize("personal", [False, True])
def test_tables_and_lines_tell_every_event(sealed, personal):
    table = export(sealed, form="csv", personal=personal)
    lines = export(sealed, form="json lines", personal=personal)

    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = [json.loads(line) for line in lines.read_bytes().splitlines()]
    assert [int(row["id"]) for row in rows] == list(range(1, 31))
    assert [one["id"] for one in told][:30] == list(range(1, 31))
    assert json.loads(rows[4]["payload"]) == told[4]["payload"] == {"pages": 5, "name": "ü"}
    assert ("fields" in rows[0]) == ("fields" in told[0]) == personal
    if personal:
        assert json.loads(rows[4]["fields"]) == told[4]["fields"] == {"address": "5@paper.example"}


@pytest.mark.parametrize("text", ["", "17", "17:abc", "x:" + "0" * 64, "1:" + "z" * 64])
def test_what_is_no_anchor_is_refused(text):
    with pytest.raises(ValueError, match=r"anchor|hexadecimal"):
        read_anchor(text)
