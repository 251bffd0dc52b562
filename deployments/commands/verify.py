"""`vitrine verify`: whether a bundle that somebody downloaded is complete and ours."""

import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import typer

from services.bundles.signature import read_keys
from services.bundles.verification import Verdict, verify_bundle
from services.errors import VitrineError
from services.installation import get_installation
from services.signing import read_public_keys

_WAIT_SECONDS = 20
_MOST_NAMED = 50


def verify(
    bundle: Path = typer.Argument(help="The zip.", exists=True, dir_okay=False),
    keys: str = typer.Option(
        "",
        help="The public keys: a file, or the address where they are published"
        " (https://share.example/keys.json). Empty: those of this installation.",
    ),
) -> None:
    """Say that a bundle is complete, or name what is missing, added or altered."""
    try:
        known = read_keys(_find_keys(keys))
        verdict = verify_bundle(bundle, known)
    except (VitrineError, OSError, ValueError, httpx.HTTPError) as error:
        print(f"vitrine: {error}; public keys are given with --keys", file=sys.stderr)
        raise typer.Exit(2) from error
    for line in _tell(verdict):
        print(line)
    raise typer.Exit(0 if verdict.is_complete() else 1)


def _find_keys(place: str) -> bytes:
    if not place:
        return read_public_keys(get_installation())
    if place.startswith(("http://", "https://")):
        answer = httpx.get(place, timeout=_WAIT_SECONDS).raise_for_status()
        return answer.content
    return Path(place).read_bytes()


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
