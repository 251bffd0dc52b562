"""What is hidden is in no byte that leaves: pages, headers, names, manifests."""

import io
import zipfile

import pytest

from tests.publishing import a_request, link_of, publish

DESCRIPTION = """
users:
  owner: {name: Owner, may_share: ["/"]}
  guest: {name: Guest, may_share: ["/"]}
classifications:
  Theme: {managed_by: [owner, guest]}
  Budget: {managed_by: [owner]}
  Secret: {managed_by: []}
assets:
  "Campaign/ridge 1.jpg":
    id: R1
    title: The ridge
    description: In October
    classified:
      Theme: [autumn, larches]
      Budget: {Cost centre: "4711-north", Photographer: "I. Norden"}
      Secret: [embargoed]
"""
HIDDEN = {
    ("owner", "minimum"): [b"autumn", b"larches", b"4711-north", b"Norden", b"embargoed"],
    ("owner", "complete"): [b"embargoed", b"Secret"],
    ("guest", "complete"): [b"4711-north", b"Norden", b"Cost centre", b"embargoed"],
}
SHOWN = {
    ("owner", "minimum"): [b"The ridge", b"In October"],
    ("owner", "complete"): [b"autumn, larches", b"4711-north", b"Norden", b"Cost centre"],
    ("guest", "complete"): [b"autumn, larches"],
}


@pytest.fixture
def described(installation, library):
    (library / "library.yaml").write_text(DESCRIPTION)
    return installation


@pytest.mark.parametrize(("owner", "visibility"), list(HIDDEN))
def test_what_is_hidden_is_in_no_byte_that_leaves(described, browser, owner, visibility):
    request = a_request(owner=owner, visibility=visibility)
    page = link_of(described, publish(described, request))

    sent = list(everything(browser, page))

    for secret in HIDDEN[owner, visibility]:
        assert not any(secret in part for part in sent)
    for word in SHOWN[owner, visibility]:
        assert any(word in part for part in sent)


def everything(browser, page):
    """Every answer of a share, with its headers; zips taken apart."""
    addresses = ["", "page/1/"]
    addresses += [
        f"{kind}/{n}/{name}" if name else f"{kind}/{n}/"
        for n in range(1, 7)
        for kind, name in [("a", ""), ("i", "thumbnail"), ("d", "original"), ("d", "web")]
    ]
    for address in [*addresses, "bundle/original", "bundle/web", "nothing"]:
        answer = browser.get(page + address)
        yield repr(sorted(answer.headers.items())).encode()
        yield answer.content
        if answer.headers.get("content-type") == "application/zip":
            with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
                for entry in bundle.infolist():
                    yield entry.filename.encode() + bundle.read(entry)


def test_what_is_not_shown_is_not_kept_either(described, owner_connection):
    publish(described, a_request(visibility="minimum"))

    rows = owner_connection.execute("SELECT to_jsonb(a)::text FROM shared_asset a").fetchall()

    assert not any("4711-north" in row or "autumn" in row for (row,) in rows)
