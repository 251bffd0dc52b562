"""Subtitles as browsers read them: WebVTT (W3C) of nothing but times and text."""

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from services.formats.facts import Facts
from services.formats.recipes import SubtitlesRecipe
from services.rendering.orders import RenderedFile, RenderOrder, RenderOutcome, Report, WantedOutput
from services.rendering.original import OpenOriginal, RenderFailed
from services.rendering.steps import Step, refuse, take_steps
from services.rendering.written import describe

_LARGEST_BYTES = 10_000_000
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
#: SubRip writes a comma before the milliseconds, WebVTT a full stop; settings may follow.
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?!\d)")
#: Tags of HTML and WebVTT, times inside a text, and the overrides of SubStation Alpha.
_MARKS = re.compile(r"(<[/!?]?[A-Za-z][^<>]*>|<[\d:.]+>|\{\\[^{}]*\})")
_KEPT = re.compile(r"<(/?)([biu])(?:[.\s][^<>]*)?>", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass
class _Cue:
    begins: int
    ends: int
    lines: list[str] = field(default_factory=list)


def render(original: OpenOriginal, order: RenderOrder, report: Report) -> RenderOutcome:
    """Make everything that an order asks for of a file of subtitles.

    Raises:
        RenderFailed: it is too large, or is no file of subtitles.
    """
    content = to_webvtt(original.read(_LARGEST_BYTES))
    steps = [
        Step([one], 1, partial(_write, content, one))
        if isinstance(one.recipe, SubtitlesRecipe)
        else refuse([one], "These are subtitles")
        for one in order.outputs
    ]
    return take_steps(order, Facts(has_text=True), steps, report)


def to_webvtt(content: bytes) -> bytes:
    """Turn SubRip or WebVTT in UTF-8, UTF-16 or Windows-1252 into WebVTT in UTF-8.

    Kept are times, text, and what is bold, italic or underlined. Styles, regions, notes, places on
    the screen, names of cues and all other marks are not.

    Raises:
        RenderFailed: there is not one readable cue in it.
    """
    text = _decode(content).replace("\r\n", "\n").replace("\r", "\n")
    cues = [written for cue in _read_cues(text) if (written := _write_cue(cue))]
    if not cues:
        raise RenderFailed("damaged", "There are no subtitles in the file")
    return ("\n\n".join(["WEBVTT", *cues]) + "\n").encode()


def _write(content: bytes, output: WantedOutput, report: Report) -> tuple[RenderedFile, ...]:
    Path(output.path).write_bytes(content)
    report(1.0)
    return (describe(output),)


def _decode(content: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "")
    if not encoding and 0 in content[:2]:
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding:
            raise RenderFailed("damaged", "The text of the subtitles is damaged") from error
        # What Windows wrote before there was UTF-8, and never fails to be something.
        return content.decode("cp1252", errors="replace")


def _read_cues(text: str) -> Iterator[_Cue]:
    cue: _Cue | None = None
    for line in text.split("\n"):
        if timing := _TIMING.match(line):
            if cue:
                yield _without_number(cue)
            cue = _Cue(_milliseconds(timing.groups()[:4]), _milliseconds(timing.groups()[4:]))
        elif cue and not line.strip():
            yield cue
            cue = None
        elif cue:
            cue.lines.append(line)
    if cue:
        yield cue


def _without_number(cue: _Cue) -> _Cue:
    """Take off the number of the next cue, where no empty line stands before it."""
    if cue.lines and cue.lines[-1].strip().isdigit():
        cue.lines.pop()
    return cue


def _write_cue(cue: _Cue) -> str:
    lines = [clean for line in cue.lines if (clean := _clean(line))]
    if not lines or cue.ends <= cue.begins:
        return ""
    return "\n".join([f"{_clock(cue.begins)} --> {_clock(cue.ends)}", *lines])


def _clean(line: str) -> str:
    """Write one line of text so that no mark but b, i and u is left in it."""
    # Every second piece is a mark.
    pieces = _MARKS.split(line)
    texts = [html.escape(_plain(piece), quote=False) for piece in pieces[::2]]
    if not "".join(texts).strip():
        return ""
    marks = [_keep(mark) for mark in pieces[1::2]]
    return "".join(a + b for a, b in zip(texts, [*marks, ""], strict=True)).strip()


def _plain(text: str) -> str:
    # A reference to a line break, written out, would begin another cue.
    return _CONTROLS.sub(" ", html.unescape(text))


def _keep(mark: str) -> str:
    kept = _KEPT.fullmatch(mark)
    return f"<{kept[1]}{kept[2].lower()}>" if kept else ""


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (part or "0" for part in parts)
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    # ".5" is half a second.
    return whole * 1000 + int(rest.ljust(3, "0"))


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}.{rest:03}"
