"""Who asks, and whether it is probably a person.

Mail scanners open every link, some with a whole browser, and browsers fetch pages that nobody asked
for yet. Nothing is refused or counted by this; the history tells them apart, so that an owner does
not take a machine for a reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.kinds import VisitorClass

#: Whatever opens a link so soon after its letter went out is the scanner on its way.
_SCANNED_WITHIN = timedelta(seconds=60)
#: What programs call themselves that look at links by trade.
_PROGRAMS = ("bot", "crawl", "spider", "scan", "preview", "python", "curl", "wget", "safelinks")


@dataclass(frozen=True)
class Visitor:
    """Who asks, as far as a request tells."""

    address: str
    agent: str
    is_prefetch: bool = False
    is_browser: bool = True


def describe_visitor(address: str, headers: Mapping[str, str]) -> Visitor:
    """Describe who sent a request with these headers (names in small letters)."""
    purpose = headers.get("sec-purpose") or headers.get("purpose") or ""
    return Visitor(
        address=address,
        agent=headers.get("user-agent", "")[:500],
        is_prefetch="prefetch" in purpose.lower(),
        # Every browser of today says where a request comes from (Fetch Metadata).
        is_browser="sec-fetch-mode" in headers,
    )


def classify(visitor: Visitor, *, letter_sent_at: datetime | None, now: datetime) -> VisitorClass:
    """Say what a visitor probably is; `letter_sent_at` is when the link was mailed, if it was."""
    if visitor.is_prefetch:
        return VisitorClass.PREFETCH
    is_too_soon = letter_sent_at is not None and now - letter_sent_at < _SCANNED_WITHIN
    is_program = any(name in visitor.agent.casefold() for name in _PROGRAMS)
    if is_too_soon or is_program or not visitor.is_browser:
        return VisitorClass.SCANNER
    return VisitorClass.HUMAN
