"""What a benchmark finds: ours and the peer's medians of interleaved runs, as one line of JSON."""

import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Result:
    """One figure; `ratio` is ours to theirs, turned so that more is better, `met` where it should."""

    name: str
    what: str
    unit: str
    better: Literal["higher", "lower"]
    ours: float
    target: float
    peer: str | None = None
    theirs: float | None = None

    @property
    def ratio(self) -> float | None:
        """Say how many times better than the peer we are."""
        if not self.theirs or not self.ours:
            return None
        high, low = self.ours / self.theirs, self.theirs / self.ours
        return round(high if self.better == "higher" else low, 3)

    @property
    def met(self) -> bool:
        """Say whether the target is reached: by the ratio if there is a peer, else by our figure."""
        if self.ratio is not None:
            return self.ratio >= self.target
        return self.ours >= self.target if self.better == "higher" else self.ours <= self.target

    def to_json(self) -> str:
        """Write the result as one line."""
        return json.dumps(asdict(self) | {"ratio": self.ratio, "met": self.met})


def interleave(
    ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int
) -> tuple[float, float]:
    """Run both in turn, so that what the machine does besides hits both, and return the medians."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
    return round(first, 3), round(second, 3)
