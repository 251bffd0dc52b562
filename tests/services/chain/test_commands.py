"""`vitrine history …` and `vitrine verify` as an operator uses them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.commands import history, verify
from deployments.commands.main import app
from services.signing import read_public_keys
from tests.services.chain.conftest import tell


@pytest.fixture
def vitrine(installation, monkeypatch):
    """Run a command; returns its exit code and what it printed."""
    for module in (history, verify):
        monkeypatch.setattr(module, "get_installation", lambda: installation)

    def run(*words):
        result = CliRunner().invoke(app, words)
        return result.exit_code, result.output

    return run


@pytest.fixture
def no_installation(monkeypatch):
    """Whoever checks has neither database nor settings."""

    def go():
        def refuse():
            raise AssertionError("the installation was asked for")

        for module in (history, verify):
            monkeypatch.setattr(module, "get_installation", refuse)

    return go


def test_what_was_exported_is_proven_elsewhere_and_what_was_changed_is_not(
    installation, vitrine, no_installation, tmp_path
):
    tell(installation, *range(1, 11))
    assert vitrine("history", "anchor") == (
        1,
        "vitrine: nothing is sealed yet: vitrine history seal\n",
    )
    assert vitrine("history", "seal") == (0, "10 events were sealed\n")
    anchor = vitrine("history", "anchor")[1].strip()
    code, output = vitrine("history", "export")
    path, keys = output.splitlines()[0], tmp_path / "keys.json"
    keys.write_bytes(read_public_keys(installation))
    no_installation()

    code, output = vitrine("verify", path, "--keys", str(keys), "--anchor", anchor)
    assert code == 0 and output.startswith("proven: 10 events under 1 seals")
    assert "the seal that was noted is in it" in output

    file = Path(path)
    file.write_bytes(file.read_bytes().replace(b'"pages": 7', b'"pages": 8'))
    code, output = vitrine("verify", path, "--keys", str(keys))
    assert (code, output) == (1, "NOT PROVEN: event 7 was altered (line 11)\n")


def test_the_database_is_checked_where_it_lies(installation, vitrine, tamper):
    tell(installation, *range(1, 11))
    vitrine("history", "seal")
    tell(installation, 11)
    code, output = vitrine("history", "verify")
    assert code == 0 and "1 events waited for a seal" in output

    tamper("UPDATE history_event SET kind = 'share:published' WHERE id = 7")

    assert vitrine("history", "verify") == (1, "NOT PROVEN: event 7 was altered\n")


def test_a_table_for_a_share_that_does_not_exist_is_refused_by_name(vitrine):
    code, output = vitrine("history", "export", "--share", "k9", "--form", "csv")

    assert code == 1 and "k9" in output
    assert vitrine("history", "export", "--form", "xml")[0] == 2


def test_an_erasure_says_what_it_did_and_what_is_left_to_do(installation, vitrine):
    tell(installation, *range(1, 4))

    code, output = vitrine("history", "erase", "2@paper.example")

    assert code == 0 and "beside 1 events" in output and "backups" in output
    assert vitrine("history", "erase", "2@paper.example")[0] == 1


def test_what_is_no_anchor_is_refused_before_anything_is_read(installation, vitrine):
    code, output = vitrine("history", "verify", "--anchor", "17")

    assert code == 2 and "17:6f0c" in output
