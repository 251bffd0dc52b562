"""What is true of shares, in plain Python: a model that knows nothing of how Vitrine keeps them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

KEPT = timedelta(days=30)
RECENT = timedelta(days=30)
GRACE = timedelta(hours=24)


@dataclass
class ModelShare:
    """One share: its assets by position, what was withdrawn, which renditions it needs."""

    id: object
    assets: dict[int, str]
    needs: frozenset[str]
    made_at: datetime
    ends_at: datetime | None
    withdrawn: set[int] = field(default_factory=set)
    revoked_at: datetime | None = None
    is_purged: bool = False

    def state(self, now):
        """Say what it is at a moment."""
        if self.is_purged:
            return "purged"
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.ends_at is not None and self.ends_at <= now else "open"

    def closed_at(self, now):
        """Say since when it is closed, if it is."""
        return self.revoked_at or (self.ends_at if self.state(now) == "expired" else None)


class Model:
    """All shares, and which renditions must lie in the store."""

    def __init__(self):
        self.shares = {}
        self.stored = set()
        self._unneeded = {}

    def add(self, share):
        """A share was made, and what it needs exists."""
        self.shares[share.id] = share
        self.stored |= share.needs

    def purge(self, now):
        """What was closed for the time that it is kept goes."""
        for one in self.shares.values():
            closed_at = one.closed_at(now)
            if not one.is_purged and closed_at is not None and closed_at <= now - KEPT:
                one.is_purged = True

    def collect(self, now):
        """What no share has needed for the time of grace goes."""
        needed = self.needed()
        self._unneeded = {
            key: self._unneeded.get(key, now) for key in self.stored if key not in needed
        }
        gone = {key for key, since in self._unneeded.items() if since <= now - GRACE}
        self.stored -= gone
        for key in gone:
            del self._unneeded[key]

    def needed(self):
        """The renditions that some share needs."""
        return {key for one in self.shares.values() if not one.is_purged for key in one.needs}

    def live(self, now):
        """The shares that an owner may still change."""
        return [one for one in self.shares.values() if one.state(now) in {"open", "expired"}]

    def overview(self, now, *, recent_only):
        """What the overview must show: state, assets and withdrawn ones of each share."""
        return {
            one.id: (
                one.state(now),
                0 if one.is_purged else len(one.assets),
                0 if one.is_purged else len(one.withdrawn),
            )
            for one in self.shares.values()
            if not recent_only or one.made_at >= now - RECENT or one.state(now) == "open"
        }

    def board(self, asset_id, now):
        """What the share board of an asset must show: state, and whether it was taken out."""
        return {
            one.id: (one.state(now), position in one.withdrawn)
            for one in self.shares.values()
            if not one.is_purged
            for position, name in one.assets.items()
            if name == asset_id
        }

    def folders(self):
        """The shares whose pages and plans must lie in the store."""
        return {str(one.id) for one in self.shares.values() if not one.is_purged}
