"""What an owner or an operator reads and does at a terminal."""

import json

import pytest
from typer.testing import CliRunner

from deployments.commands.main import app
from models import SharedAsset
from services.changes import ShareChange, change_share
from tests.publishing import share_of
from tests.shares import keep_share


@pytest.fixture
def vitrine(installation, monkeypatch):
    """Run a command: its exit code, what it printed, and what it complained about."""
    monkeypatch.setattr("deployments.commands.asking.get_installation", lambda: installation)

    def run(*words):
        result = CliRunner().invoke(app, list(words))
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def share(installation):
    share = keep_share(
        installation, "a.jpg", "b.jpg", title="Autumn", request_key="autumn", context="press"
    )
    change_share(installation, "autumn", ShareChange(expires_on="14 days"), asked_by="test")
    return share


def test_shares_are_listed_with_their_titles_for_people(vitrine, share):
    code, printed, _ = vitrine("share", "list")

    assert code == 0
    for shown in (str(share.id), "Autumn", "anna", "press", "open"):
        assert shown in printed


@pytest.mark.parametrize(
    ("words", "field", "expected"),
    [
        (["share", "list", "--owner", "anna"], "shares", 1),
        (["share", "list", "--owner", "ben", "--all"], "shares", 0),
        (["share", "history", "autumn"], "events", 1),
        (["asset", "board", "a.jpg"], "rows", 1),
    ],
)
def test_every_list_is_there_for_programs(vitrine, share, words, field, expected):
    code, printed, _ = vitrine(*words, "--json")

    assert code == 0
    assert len(json.loads(printed)[field]) == expected


def test_pages_are_asked_for_by_what_the_page_before_says(installation, vitrine, share):
    second = keep_share(installation, "a.jpg")
    _, printed, _ = vitrine("share", "list", "--limit", "1")
    assert f"--after {second.id}" in printed

    _, printed, _ = vitrine("share", "list", "--limit", "1", "--after", str(second.id))

    assert str(share.id) in printed
    assert "--after" not in printed


def test_one_share_is_shown_without_its_link(vitrine, share):
    code, printed, _ = vitrine("share", "show", "autumn")

    assert code == 0
    for shown in ("Autumn", "14 days, UTC", "2, 0 of them withdrawn", "picked assets"):
        assert shown in printed
    assert "/s/" not in printed
    assert json.loads(vitrine("share", "show", "autumn", "--json")[1])["summary"]["assets"] == 2


def test_a_history_is_shown_with_what_lies_beside_it(vitrine, share):
    _, printed, _ = vitrine("share", "history", str(share.id))

    assert "share:changed" in printed
    assert "door=test, expiry=reduced, changed=expiry" in printed


def test_an_asset_is_looked_up_and_taken_out_of_one_share_or_of_all(installation, vitrine, share):
    others = keep_share(installation, "a.jpg", owner="ben", title="Winter")
    _, printed, _ = vitrine("asset", "board", "a.jpg")
    assert "Autumn" in printed
    assert "Winter" in printed

    assert vitrine("asset", "withdraw", "b.jpg", "--share", "autumn")[:2] == (0, "withdrawn\n")
    code, printed, _ = vitrine("asset", "withdraw", "a.jpg", "--all")

    assert (code, "withdrawn from 2 shares" in printed) == (0, True)
    assert str(others.id) in printed
    with installation.transaction() as session:
        rows = session.query(SharedAsset).all()
    assert all(one.withdrawn_at for one in rows)


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["share", "show", "nothing"], 1, "no share"),
        (["share", "history", "nothing"], 1, "no share"),
        (["share", "add", "autumn", "c.jpg"], 1, "publish a new one, with like naming this one"),
        (["share", "list", "--state", "shut"], 2, "state"),
        (["share", "list", "--limit", "0"], 2, "limit"),
        (["share", "change", "autumn", "--until", "tomorrow"], 2, "expires_on"),
        (["asset", "withdraw", "a.jpg"], 2, "either --share or --all"),
        (["asset", "withdraw", "a.jpg", "--share", "autumn", "--all"], 2, "either"),
        (["asset", "withdraw", "c.jpg", "--all"], 1, "no share has an asset"),
        (["kpis", "--by", "person"], 2, "by"),
        (["kpis", "--since", "2026-02-30"], 1, "no day of the calendar"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_code(vitrine, share, words, code, why):
    got, printed, complaint = vitrine(*words)

    assert (got, printed) == (code, "")
    assert why in complaint


def test_a_deadline_is_changed_in_words(installation, vitrine, share):
    assert vitrine("share", "change", "autumn", "--until", "now")[:2] == (0, "changed: expiry\n")
    assert share_of(installation, share.id).expires_text == "now"


def test_figures_are_printed_for_people_and_programs(vitrine, share):
    assert vitrine("kpis")[:2] == (0, "nothing\n")
    assert json.loads(vitrine("kpis", "--json")[1]) == []
    assert json.loads(vitrine("share", "kpis", "autumn", "--json")[1])["asset"] == []
