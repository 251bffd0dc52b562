"""Planned zips unpack everywhere: seven ways to unpack, at every border that the format has.

Small members go into a folder and are compared by path and digest. Of zips beyond two gigabytes,
whose zeros are holes on the disk, every member is taken out to a pipe and its digest compared. Two
zips that fit on no small disk are planned and read at the front, around every border between
members, in the middle of each, and at the end; Python's zipfile searches them through the reader.
"""

import gc
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.hollow import BundleFile, describe, open_hollow, write_bundle
from benchmarks.tools import need_package
from benchmarks.unpackers import UNPACKERS, UnpackingFailed
from services.bundles.plan import PlanEntry, write_plan
from services.bundles.reader import BundleReader, Plan
from services.naming import make_unique, safe_name, safe_path

_GIB = 2**30
_AROUND = 64  # bytes on each side of a place
_BLOCK_BYTES = 1 << 20
_PLANNED = 10_000
_MOST_PLAN_SECONDS = 0.3
_MOST_PEAK_MB = 8
_TITLES = (
    "Grüße aus Zürich",
    "Cafe\u0301, zerlegt",
    "写真の展示会",
    "한국어 전시",
    "ภาพถ่ายน้ำ",
    "صورة المعرض",
    "תערוכה \u202egpj.exe",
    "👩\u200d👩\u200d👧 🏳️\u200d🌈 🎞️",
    "𝔣𝔯𝔞𝔨𝔱𝔲𝔯",
    "-rf",
    "--help",
    "@list",
    "~",
    "$(id) `id` ${HOME}; & | > x",
    "100% %s %00 %2e%2e%2f",
    'it\'s "quoted"',
    "  spaces  in   it  ",
    "no\u00a0break\u3000wide",
    "tab\tnew\nline\r\u2028end",
    "[a-z]* {b,c} ? !",
    "../../etc/passwd",
    "C:\\Windows\\x",
    "#hash ^caret =sum +plus,comma",
    "CON",
    "trailing dots...",
    ".hidden",
    "",
    "x" * 300,
    "ü" * 300,
    "展" * 100,
    "🎞️" * 60,
    "Same",
    "SAME",
    "same",
    "Straße",
    "STRASSE",
)


def prove() -> dict[str, Any]:
    """Unpack every zip in every way, and read those that are too large for that."""
    for tool in UNPACKERS:
        need_package(tool.program, tool.package)
    failed: list[str] = []
    cases = {}
    for what, entries in _list_for_folders().items():
        cases[what] = _try_all(what, entries, failed, into_folder=True)
    for what, entries in _list_for_pipes().items():
        cases[what] = _try_all(what, entries, failed, into_folder=False)
    vast = {
        "10,000 of 20 MB": read_everywhere(
            [describe(f"Film ü {n}.mov", 20_000_000 + n, n) for n in range(_PLANNED)], whole=3
        ),
        "one of 60 GB": read_everywhere([describe("film.mov", 60_000_000_000, 1)]),
    }
    seconds = _time_plan()
    is_read = all(
        one["right"] and one["peak_mb_of_ranges"] < _MOST_PEAK_MB for one in vast.values()
    )
    return {
        "proven": not failed and is_read and seconds < _MOST_PLAN_SECONDS,
        "failed": failed,
        "tools": {tool.name: _find_version(tool.program) for tool in UNPACKERS},
        "unpacked": cases,
        "planned": vast,
        "seconds_to_plan_10000": seconds,
    }


def name_hostile_titles() -> list[str]:
    """Name members after the worst titles, beside and below each other, as every zip names its."""
    flat = [safe_name(f"{title}.jpg") for title in _TITLES]
    bare = [safe_path(["Ordner ü", title, title]) for title in _TITLES if title]
    return make_unique([*flat, *bare])


def read_everywhere(entries: Sequence[PlanEntry], *, whole: int = 0) -> dict[str, Any]:
    """Plan a zip and read it around every place where it could be wrong.

    So many of its members are also read through zipfile as a whole, and so their checksums.
    """
    began = time.perf_counter()
    written = write_plan(entries)
    seconds = time.perf_counter() - began
    reader = BundleReader(Plan(written.content), open_hollow)
    gc.collect()
    tracemalloc.start()
    reads, are_right = _read_ranges(reader, entries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "right": are_right and _is_found_by_zipfile(reader, entries, whole),
        "zip_bytes": written.size_bytes,
        "plan_bytes": len(written.content),
        "plan_seconds": round(seconds, 3),
        "ranges": reads,
        "peak_mb_of_ranges": round(peak / 1e6, 2),
    }


def _list_for_folders() -> dict[str, list[PlanEntry]]:
    return {
        "10 members": [describe(f"Grat ü {n}.jpg", 40_000 * n, n) for n in range(10)],
        "hostile names": [describe(name, n, n) for n, name in enumerate(name_hostile_titles())],
        **{f"{count:,} members": _list_many(count) for count in (65_534, 65_535, 65_536)},
    }


def _list_for_pipes() -> dict[str, list[PlanEntry]]:
    small = describe("small ü.txt", 1000, 2)
    return {
        # From 2 GiB on some readers take a number for negative, from 4 GiB on it does not fit.
        "one member over 2 GiB": [describe("film ü.mov", 2 * _GIB + 5, 1), small],
        "one member over 4 GiB": [
            small,
            describe("film.mov", 4 * _GIB + 5, 1),
            describe("b", 9, 3),
        ],
        "over 4 GiB in 50 members": [describe(f"{n}.mov", 90_000_000 + n, n) for n in range(50)],
    }


def _list_many(count: int) -> list[PlanEntry]:
    return [describe(f"Ordner {n % 7}/ü {n}.txt", n % 40, n) for n in range(count)]


def _try_all(
    what: str, entries: Sequence[PlanEntry], failed: list[str], *, into_folder: bool
) -> dict[str, Any]:
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="vitrine unpacking ") as place:
        archive = Path(place) / "bundle.zip"
        expected = write_bundle(entries, archive)
        sizes = [one.size_bytes for one in entries]
        for tool in UNPACKERS:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="out ", dir=place) as folder:
                try:
                    if into_folder:
                        is_same = tool.unpack(archive, Path(folder)) == expected
                    else:
                        is_same = tool.read(archive, sizes) == list(expected.values())
                except UnpackingFailed as error:
                    failed.append(f"{what}: {error}")
                else:
                    failed += [] if is_same else [f"{what}: {tool.name} gave something else"]
            seconds[tool.name] = round(time.monotonic() - began, 1)
            print(f"{what}: {tool.name}, {seconds[tool.name]} s", file=sys.stderr, flush=True)
        return {
            "members": len(entries),
            "zip_bytes": archive.stat().st_size,
            "compared": "paths and digests" if into_folder else "digests in order",
            "seconds": seconds,
        }


def _read_ranges(reader: BundleReader, entries: Sequence[PlanEntry]) -> tuple[int, bool]:
    """Read around each border, in the middle of each member, and both ends of the zip."""
    are_right, reads = True, 2
    end = b""
    for index, entry in enumerate(entries):
        begins = reader.plan.starts_at(index)
        header = reader.plan.read_entry(index)[1]
        source, size = open_hollow(entry.source), entry.size_bytes
        border = end + header + source.read_at(0, _AROUND)
        middle = source.read_at(size // 2 - _AROUND, 2 * _AROUND)
        middle_at = begins + len(header) + size // 2 - _AROUND
        are_right &= reader.read_at(begins - len(end), len(border)) == border
        are_right &= reader.read_at(middle_at, len(middle)) == middle
        end = source.read_at(size - _AROUND, _AROUND)
        reads += 2
    tail_at = reader.plan.starts_at(len(entries))
    front, tail = reader.read_at(0, _BLOCK_BYTES), reader.read_at(tail_at - len(end), 1 << 40)
    are_right &= len(front) == _BLOCK_BYTES and front.startswith(b"PK\x03\x04")
    are_right &= tail.startswith(end + b"PK\x01\x02") and tail[-22:].startswith(b"PK\x05\x06")
    return reads, are_right and tail_at - len(end) + len(tail) == reader.size_bytes


def _is_found_by_zipfile(reader: BundleReader, entries: Sequence[PlanEntry], whole: int) -> bool:
    with zipfile.ZipFile(BundleFile(reader)) as bundle:
        infos = bundle.infolist()
        found = [(one.filename, one.file_size, one.CRC, one.header_offset) for one in infos]
        wanted = [
            (one.name, one.size_bytes, one.crc32, reader.plan.starts_at(index))
            for index, one in enumerate(entries)
        ]
        for info, entry in zip(infos, entries, strict=False):
            with bundle.open(info) as member:
                if member.read(_AROUND) != open_hollow(entry.source).read_at(0, _AROUND):
                    return False
        # The last read of a member compares its checksum.
        for info in infos[:: max(1, len(infos) // whole)] if whole else []:
            with bundle.open(info) as member:
                while member.read(_BLOCK_BYTES):
                    pass
        return found == wanted


def _time_plan() -> float:
    entries = [describe(f"Kampagne/Grat ü {n}.jpg", 100_000 + n, n) for n in range(_PLANNED)]
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        write_plan(entries)
        rounds.append(time.perf_counter() - began)
    return round(min(rounds), 3)


def _find_version(program: str) -> str:
    options = {"7z": [], "unzip": ["-v"], "java": ["-version"]}
    command = [program, *options.get(program, ["--version"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return next(line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip())
