"""Which kind of text a file is, if it is text at all: decided by its first bytes."""

import codecs
import re
import string

#: The tags by which browsers take a text for HTML (WHATWG MIME Sniffing, section 7.1).
_HTML_TAGS = "head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|html"
_HTML = re.compile(rf"<(?:!doctype\s+html|{_HTML_TAGS})(?=[\s>/]|$)", re.IGNORECASE)
#: What may stand before the first element of a markup: XML 1.0, production 22.
_PROLOG = re.compile(
    r"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s[^\[>]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_SVG_DOCTYPE = re.compile(r"<!DOCTYPE\s+svg[\s>]", re.IGNORECASE)
_SUBRIP = re.compile(r"\d+\s*\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}\s*-->\s*\d{1,3}:\d\d:\d\d")
_FIRST_LINES = (
    (re.compile(r"WEBVTT(?=\s|$)"), "text/vtt"),
    # These name other files, which nobody may be made to open.
    (re.compile(r"#EXTM3U"), "application/vnd.apple.mpegurl"),
    (re.compile(r"ffconcat version"), "application/x-ffconcat"),
    (re.compile(r"%!PS"), "application/postscript"),
    (_SUBRIP, "application/x-subrip"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Escape is in texts of terminals, form feed in texts of printers.
_NOT_IN_TEXTS = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\x1b") | {"\x7f"}
_ASCII_TEXT = (
    string.ascii_letters + string.digits + string.punctuation + string.whitespace
).encode()
#: A Latin text is mostly ASCII; bytes that are not are letters with accents.
_LEAST_ASCII = 0.7


def find_text_type(head: bytes) -> str | None:
    """Say which type of text these first bytes of a file are; none if they are no text.

    Text is UTF-8, UTF-16 with its mark, or Windows-1252, without control characters.
    """
    text = decode_head(head)
    if text is None or not head:
        return None
    text = text.lstrip("\ufeff")
    for pattern, media_type in _FIRST_LINES:
        if pattern.match(text.replace("\r\n", "\n").lstrip() if pattern is _SUBRIP else text):
            return media_type
    return _find_markup(text.lstrip()) or "text/plain"


def decode_head(head: bytes) -> str | None:
    """Decode the first bytes of a text, which may be cut within a character; none if it is none."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _decode(head[len(mark) :], encoding)
    text = _decode(head, "utf-8")
    if text is None and len(head.translate(None, _ASCII_TEXT)) <= len(head) * (1 - _LEAST_ASCII):
        text = _decode(head, "cp1252")
    return text


def _decode(content: bytes, encoding: str) -> str | None:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        return None
    return None if _NOT_IN_TEXTS.intersection(text) else text


def _find_markup(text: str) -> str | None:
    if not text.startswith("<"):
        return None
    if _HTML.match(text):
        return "text/html"
    match = _PROLOG.match(text)
    prolog, rest = (text[: match.end()], text[match.end() :]) if match else ("", text)
    root = _ROOT.match(rest)
    name = root[1].lower() if root else ""
    if name == "svg" or (not name and _SVG_DOCTYPE.search(text)):
        return "image/svg+xml"
    # What browsers would take for HTML stays HTML, whatever else is in it.
    if name == "html" or _HTML.match(rest) or (not name and text.startswith("<!--")):
        return "text/html"
    return "application/xml" if prolog.startswith("<?xml") else None
