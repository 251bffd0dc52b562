"""Whether an owner may still share what is out: asked of the DAM, whenever it says that it changed.

A DAM that cannot say so (`Dam.version` is empty) is not asked. One whose description cannot be read
just now, because somebody is writing it, is believed what it said last.
"""

import logging
import threading
from datetime import datetime
from uuid import UUID

from cachetools import LRUCache
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.share import Share
from models.shared_asset import SharedAsset
from services.dam.protocol import Dam, SharedThing
from services.errors import LibraryInvalid
from services.installation import Installation

log = logging.getLogger(__name__)

_MOST_SHARES = 1000


class LiveRights:
    """What owners may share no longer, remembered for as long as the DAM does not change."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lock = threading.Lock()
        self._dam: Dam | None = None
        self._version = ""
        self._lost: LRUCache[tuple[UUID, str, datetime], frozenset[int]] = LRUCache(_MOST_SHARES)

    def find_lost(self, session: Session, share: Share, now: datetime) -> frozenset[int]:
        """List the positions of a share's assets that its owner may share no longer.

        Windows that the DAM has changed since the freezing are true to the minute.
        """
        dam, version = self._read_dam()
        if not version or version == share.dam_version:
            return frozenset()
        key = (share.id, version, now.replace(second=0, microsecond=0))
        with self._lock:
            known = self._lost.get(key)
        if known is not None:
            return known
        lost = dam.lost_assets(share.owner, _read_things(session, share.id), now=now)
        with self._lock:
            self._lost[key] = lost
        return lost

    def _read_dam(self) -> tuple[Dam, str]:
        with self._lock:
            if self._dam is None:
                self._dam = self._installation.dam()
                self._version = self._dam.version()
            now = self._dam.version()
            if now != self._version:
                self._read_again(now)
            return self._dam, self._version

    def _read_again(self, version: str) -> None:
        try:
            self._dam = self._installation.dam()
        except LibraryInvalid as error:
            log.warning("the DAM's rights cannot be read, the last ones hold: %s", error)
        self._version = version


def _read_things(session: Session, share_id: UUID) -> dict[int, SharedThing]:
    rows = session.execute(
        select(SharedAsset.position, SharedAsset.asset_id, SharedAsset.parts).where(
            SharedAsset.share_id == share_id
        )
    )
    return {
        position: SharedThing(asset_id, tuple(part["source_key"] for part in parts))
        for position, asset_id, parts in rows
    }
