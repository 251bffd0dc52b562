"""Small PDFs of what a test needs, and nothing else."""

import zlib

_LETTER = (612, 792)


def pdf(*pages, size=_LETTER, objects=(), resources="", catalog="", trailer="", info=None):
    """Write a PDF; each page is its content stream, further `objects` have numbers from 10 on.

    Page streams are deflated. `catalog`, `resources` and `trailer` are put into these dictionaries.
    """
    written = {1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode()}
    font = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    kids = []
    for number, content in enumerate(pages):
        page, stream = 1000 + 2 * number, 1001 + 2 * number
        kids.append(f"{page} 0 R")
        written[page] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}]"
            f" /Contents {stream} 0 R /Resources << {font} {resources} >> >>"
        ).encode()
        written[stream] = make_stream(content)
    written[2] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(pages)} >>".encode()
    if info:
        entries = " ".join(f"/{name} <FEFF{text.encode('utf-16-be').hex()}>" for name, text in info)
        written[3] = f"<< {entries} >>".encode()
        trailer += " /Info 3 0 R"
    written |= dict(enumerate(objects, 10))
    return _lay_out(written, trailer)


def make_stream(content, entries=""):
    """Make a stream object, deflated."""
    packed = zlib.compress(content, 9)
    head = f"<< {entries} /Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
    return head.encode() + packed + b"\nendstream"


def text(*lines):
    """Make the content of a page with lines of text."""
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    return f"BT /F 24 Tf 28 TL 72 700 Td {shown} ET".encode()


def halves(size=_LETTER):
    """Make the content of a page that is red on its left half and blue on its right."""
    half = size[0] / 2
    return (
        f"0.8 0.1 0.1 rg 0 0 {half} {size[1]} re f 0.1 0.1 0.8 rg {half} 0 {half} {size[1]} re f"
    ).encode()


def _lay_out(objects, trailer):
    parts, at, places = [b"%PDF-1.7\n"], 9, {}
    for number, content in sorted(objects.items()):
        places[number] = at
        part = b"%d 0 obj\n" % number + content + b"\nendobj\n"
        parts.append(part)
        at += len(part)
    table = b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, place)
    end = f"trailer\n<< /Size {max(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{at}\n%%EOF\n"
    return b"".join([*parts, table, end.encode()])
