"""What is handed to the renderers: an order for each content, and how far it has come."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from models.shared_asset import SharedAsset
from services.errors import DatabaseAway
from services.installation import Installation
from services.needs import Need
from services.rendering.orders import Failure, RenderOrder, WantedOutput
from services.rendition_rows import hold_claims, note_progress

_NOTE_SECONDS = 2.0
_HOLD_SECONDS = 20.0
#: A file server that does not answer may do so a moment later.
_TRIED_AGAIN = "unreadable"

#: Asked now and then while an order is being carried out; False ends it.
MayGoOn = Callable[[], bool]


@dataclass
class Round:
    """What one maker has claimed of some assets, and what it gave up on."""

    maker: str
    seconds: float
    tried: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    made: int = 0

    def may_try_again(self, key: str, failure: Failure) -> bool:
        """Whether what failed is worth a second try, which it then has."""
        is_passing = failure.code == _TRIED_AGAIN or failure.may_be_chance
        is_first = is_passing and key not in self.tried
        self.tried.add(key)
        return is_first


@dataclass(frozen=True)
class Job:
    """An order, and for which asset it is; it is named after its content, its outputs after keys."""

    order: RenderOrder
    asset: SharedAsset

    def list_keys(self) -> list[str]:
        """The keys of all that it makes."""
        return [output.name for output in self.order.outputs]


class Progress:
    """Writes down how far orders have come, now and then, and asks whether they may go on.

    Once its `with` has ended nobody takes the result any more: what still goes on is told to stop.
    """

    def __init__(
        self,
        installation: Installation,
        jobs: Mapping[str, Job],
        rounds: Round,
        may_go_on: MayGoOn,
    ) -> None:
        self._installation = installation
        self._jobs = jobs
        self._rounds = rounds
        self._may_go_on = may_go_on
        self._noted_at: dict[str, float] = {}
        self._held_at = time.monotonic()
        self._waiting = dict.fromkeys(jobs)
        self._has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._has_ended = True

    def tell(self, order: RenderOrder, share: float) -> bool:
        """Write it down, and say whether to go on."""
        if self._has_ended:
            return False
        now = time.monotonic()
        if now - self._noted_at.get(order.name, 0.0) < _NOTE_SECONDS:
            return True
        self._noted_at[order.name] = now
        # A database that is away for a moment is no reason to lose an hour of work.
        with contextlib.suppress(DatabaseAway):
            with self._installation.transaction() as session:
                note_progress(
                    session,
                    self._jobs[order.name].list_keys(),
                    maker=self._rounds.maker,
                    percent=int(share * 100),
                )
            self._hold()
            return self._may_go_on()
        return True

    def settle(self, order: RenderOrder) -> None:
        """Hold for longer what still waits for its turn."""
        self._waiting.pop(order.name, None)
        with contextlib.suppress(DatabaseAway):
            self._hold()

    def _hold(self) -> None:
        now = time.monotonic()
        if now - self._held_at < _HOLD_SECONDS:
            return
        self._held_at = now
        keys = [key for name in list(self._waiting) for key in self._jobs[name].list_keys()]
        with self._installation.transaction() as session:
            hold_claims(session, keys, maker=self._rounds.maker, seconds=self._rounds.seconds)


def list_jobs(
    installation: Installation,
    assets: Sequence[SharedAsset],
    needs: Iterable[Need],
    folder: Path,
) -> Iterator[Job]:
    """Make an order of all that is needed of each content; its outputs are written to `folder`."""
    by_position = {asset.position: asset for asset in assets}
    by_content: dict[str, list[Need]] = {}
    for need in needs:
        digest = by_position[need.position].parts[need.part - 1]["sha256"]
        by_content.setdefault(digest, []).append(need)
    dam = installation.dam()
    for digest, wanted in by_content.items():
        asset = by_position[wanted[0].position]
        part = asset.parts[wanted[0].part - 1]
        # Formats with the same recipe are one output; the key names it.
        outputs = {need.key: need for need in wanted}
        order = RenderOrder(
            name=digest,
            path=str(dam.locate(part["source_key"])),
            size_bytes=part["size_bytes"],
            mtime_ns=part["stat"]["mtime_ns"],
            media_type=part["media_type"],
            outputs=tuple(
                WantedOutput(key, need.recipe, str(folder / key)) for key, need in outputs.items()
            ),
            converter=installation.settings.office_converter,
        )
        yield Job(order, asset)
