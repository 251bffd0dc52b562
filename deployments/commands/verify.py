"""`vitrine verify`: whether a bundle that was downloaded, or a history, is complete and ours."""

import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import typer

from services.bundles.signature import read_keys
from services.bundles.verification import Verdict, verify_bundle
from services.chain.checking import is_history, verify_file
from services.chain.links import read_anchor
from services.chain.verdict import HistoryVerdict
from services.errors import VitrineError
from services.installation import get_installation
from services.signing import read_public_keys

_WAIT_SECONDS = 20
_MOST_NAMED = 50


def verify(
    file: Path = typer.Argument(
        help="The zip, or a history as `history export` writes it.", exists=True, dir_okay=False
    ),
    keys: str = typer.Option(
        "",
        help="The public keys: a file, or the address where they are published"
        " (https://share.example/keys.json). Empty: those of this installation.",
    ),
    anchor: str = typer.Option(
        "", help="For a history: a seal that was noted elsewhere, as `history anchor` prints it."
    ),
) -> None:
    """Say that it is complete, or name what is missing, added, altered or in another order."""
    try:
        known = read_keys(find_keys(keys))
        noted = read_anchor(anchor) if anchor else None
        if is_history(file):
            found = verify_file(file, known, noted)
            lines, is_right = tell_history(found, is_file=True), found.is_proven()
        else:
            verdict = verify_bundle(file, known)
            lines, is_right = _tell(verdict), verdict.is_complete()
    except (VitrineError, OSError, ValueError, httpx.HTTPError) as error:
        print(f"vitrine: {error}; public keys are given with --keys", file=sys.stderr)
        raise typer.Exit(2) from error
    for line in lines:
        print(line)
    raise typer.Exit(0 if is_right else 1)


def find_keys(place: str) -> bytes:
    """Read published keys from a file, an address, or (empty) this installation."""
    if not place:
        return read_public_keys(get_installation())
    if place.startswith(("http://", "https://")):
        answer = httpx.get(place, timeout=_WAIT_SECONDS).raise_for_status()
        return answer.content
    return Path(place).read_bytes()


def tell_history(verdict: HistoryVerdict, *, is_file: bool) -> list[str]:
    """Say in lines what checking a history found."""
    place = f" (line {verdict.line:,})" if is_file and verdict.event is not None else ""
    if verdict.fault:
        return [f"NOT PROVEN: {verdict.fault}{place}"]
    of = f" of share {verdict.share}" if verdict.share else ""
    lines = [
        f"proven: {verdict.events:,} events{of} under {verdict.seals:,} seals",
        f"the last one was made {verdict.sealed_at or 'never'}; keys: {', '.join(verdict.keys)}",
    ]
    if verdict.is_anchored:
        lines.append("the seal that was noted is in it: nothing before it was taken away")
    if verdict.unsealed:
        lines.append(f"{verdict.unsealed:,} events waited for a seal: nothing is proven of them")
    return lines


def _tell(verdict: Verdict) -> list[str]:
    if verdict.fault:
        return [f"NOT PROVEN: {verdict.fault}", *_name("missing", verdict.missing)]
    wrong = [
        *_name("missing", verdict.missing),
        *_name("added", verdict.added),
        *_name("altered", verdict.altered),
    ]
    head = "NOT COMPLETE" if wrong else "complete"
    lines = [
        f"{head}: {verdict.files:,} files, {verdict.size_bytes:,} bytes",
        f"share {verdict.share}, frozen {verdict.frozen_at}, signed with the key {verdict.key}",
        *wrong,
    ]
    absent = verdict.absent
    lines += [f"declared absent: {one.asset_id} ({one.reason})" for one in absent[:_MOST_NAMED]]
    if len(absent) > _MOST_NAMED:
        lines.append(f"declared absent: {len(absent) - _MOST_NAMED:,} more")
    return lines


def _name(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {name}" for name in names]
