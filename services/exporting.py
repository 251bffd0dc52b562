"""The history as a file: to be checked, to be read by programs, or to be opened as a table."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from models.base import new_id
from models.kinds import Actor, EventKind
from services.chain.proof import BATCH, ProofCount, write_proof
from services.chain.rows import select_lines
from services.chain.sealing import seal_waiting
from services.clock import read_clock
from services.disk import telling_of_room
from services.history import event_key, record
from services.installation import Installation
from services.requests import number_fields
from services.shares import find_share
from services.signing import find_signer, read_public_keys

_FOLDER = "exports"
_OWN_EYES_ONLY = 0o600
_ENDINGS = {"verifiable": "history", "json lines": "jsonl", "csv": "csv"}
_COLUMNS = ("id", "at", "kind", "actor", "share", "grant", "position", "payload", "version", "key")


class HistoryExport(BaseModel):
    """What of the history is to be written, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    share: str = Field(
        default="",
        title="Share",
        description="The share's id, or the request key that made it. Empty: the whole history.",
        max_length=200,
    )
    form: Literal["verifiable", "json lines", "csv"] = Field(
        default="verifiable",
        title="Form",
        description="Verifiable: with all that `vitrine verify` needs to find a changed row.",
    )
    personal: bool = Field(
        default=False,
        title="With what is personal",
        description="Addresses, browsers, titles and file names, as far as they are not erased.",
    )


@dataclass(frozen=True)
class ExportedHistory:
    """A file that was written; `unsealed` events are not in the verifiable form."""

    path: Path
    events: int
    unsealed: int
    size_bytes: int


def export_history(
    installation: Installation, wanted: HistoryExport, *, asked_by: str
) -> ExportedHistory:
    """Write a file below the home that its owner alone can read; that it was written is on record.

    Raises:
        ShareNotFound: there is no such share.
        StoreFull: there is no room for the file.
    """
    with installation.transaction() as session:
        share_id = find_share(session, wanted.share).id if wanted.share else None
        now = read_clock(session)
    seal_waiting(installation)
    home = installation.settings.home.resolve()
    name = f"{share_id or 'all'}-{now:%Y%m%dT%H%M%S%fZ}.{_ENDINGS[wanted.form]}"
    draft, path = home / "tmp" / name, home / _FOLDER / name
    try:
        with telling_of_room():
            # What a killed export leaves in the first is gone with the next start of the stack.
            for folder in (draft.parent, path.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.touch(mode=_OWN_EYES_ONLY)
            count = _write(installation, draft, wanted, share_id)
        _note(installation, wanted, share_id, count, asked_by)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return ExportedHistory(path, count.events, count.unsealed, path.stat().st_size)


def _write(
    installation: Installation, path: Path, wanted: HistoryExport, share_id: UUID | None
) -> ProofCount:
    count, signer = ProofCount(), find_signer(installation)
    keys = json.loads(read_public_keys(installation))["keys"]
    with installation.transaction() as session, path.open("wb", buffering=1 << 20) as file:
        personal = wanted.personal
        lines: Iterator[bytes]
        if wanted.form == "verifiable":
            lines = write_proof(
                session, signer, count, keys=keys, share_id=share_id, is_personal=personal
            )
        else:
            events = _read_events(session, count, share_id, is_personal=personal)
            is_table = wanted.form == "csv"
            lines = _write_table(events, is_personal=personal) if is_table else _write_lines(events)
        for line in lines:
            file.write(line)
            file.write(b"\n")
    return count


def _read_events(
    session: Session, count: ProofCount, share_id: UUID | None, *, is_personal: bool
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    statement = select_lines(share_id=share_id, is_personal=is_personal)
    for row in session.execute(statement.execution_options(yield_per=BATCH)):
        count.events += 1
        yield row.line, (row.fields or {}) if is_personal else None


def _write_lines(events: Iterable[tuple[str, dict[str, Any] | None]]) -> Iterator[bytes]:
    for line, fields in events:
        more = "" if fields is None else f',"fields":{_say_json(fields)}'
        yield f"{line[:-1]}{more}}}".encode()


def _write_table(
    events: Iterable[tuple[str, dict[str, Any] | None]], *, is_personal: bool
) -> Iterator[bytes]:
    """Write the rows of a CSV (RFC 4180) under their names; no value has an end of line in it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="")
    writer.writerow((*_COLUMNS, "fields") if is_personal else _COLUMNS)
    yield text.getvalue().encode()
    for line, fields in events:
        event = json.loads(line)
        event["payload"] = _say_json(event["payload"])
        text.seek(0)
        text.truncate()
        row = [event[name] for name in _COLUMNS]
        writer.writerow([*row, _say_json(fields)] if is_personal else row)
        yield text.getvalue().encode()


def _say_json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def _note(
    installation: Installation,
    wanted: HistoryExport,
    share_id: UUID | None,
    count: ProofCount,
    asked_by: str,
) -> None:
    with installation.transaction() as session:
        record(
            session,
            EventKind.HISTORY_EXPORTED,
            key=event_key(new_id()),
            actor=Actor.OWNER,
            share_id=share_id,
            payload={
                "form": wanted.form,
                "is_personal": wanted.personal,
                "events": count.events,
                "door": asked_by,
            },
        )
