"""A year of random shares, done by the real services under a clock that is put forward.

Most shares are made as rows with small files, some are really published. After each day what the
overview, the share boards, the gate and the store say is compared with a model of all of it.
"""

import hashlib
import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from models import Base, Bundle, Grant, Rendition, RenditionRef, Share
from models.kinds import RenditionState, ShareState
from models.rendition import rendition_store_key
from services.access import Action, admit
from services.boards import read_board
from services.changes import ShareChange, change_share, revoke_share, withdraw_asset
from services.closing import expire_shares
from services.errors import VitrineError
from services.garbage import collect_renditions
from services.leftovers import forget_leftovers
from services.links import show_link
from services.overview import OverviewQuery, read_overview
from services.purging import begin_purges, carry_out_purges, list_runs, note_forgotten
from tests.publishing import a_request, publish
from tests.shares import keep_share
from tests.year_model import GRACE, KEPT, Model, ModelShare

START = datetime(2027, 1, 1, 8, tzinfo=UTC)
_PICTURE = b"not really a picture"
#: What stays of a share for ever, and what is of the platform and not of any share.
_STAYS = {"share", "history_event", "history_seal", "alembic_version", "signing_key", "format"}


class Year:
    """The world and its model, and a clock for both."""

    def __init__(self, installation, set_clock, *, seed, assets, real_every):
        self._installation, self._set_clock = installation, set_clock
        self._chance = random.Random(seed)
        self._catalogue = [f"asset {number}" for number in range(assets)]
        self._real_every = real_every
        self._tokens = {}
        self.model, self.now = Model(), START
        self.counts = dict.fromkeys(
            ("made", "published", "changed", "reopened", "withdrawn", "revoked", "checks"), 0
        )
        set_clock(START)

    def pass_day(self, shares):
        """Make shares, change some, tidy up, and look whether all of it is true."""
        for _ in range(shares):
            self._pass_time(timedelta(hours=12) / (shares + 1))
            self._make()
            self._change_something()
        self._pass_time(timedelta(hours=12))
        self.tidy()

    def tidy(self):
        """What the schedules do once a day."""
        expire_shares(self._installation)
        begin_purges(self._installation)
        # Prefect never heard of these runs.
        note_forgotten(self._installation, list_runs(self._installation, 100_000))
        carry_out_purges(self._installation)
        forget_leftovers(self._installation)
        self.model.purge(self.now)
        collect_renditions(self._installation)
        self.model.collect(self.now)

    def end(self):
        """Let time go on until every share is over, and all of it is tidied away."""
        for one in self.model.live(self.now):
            if one.ends_at is None:
                self._revoke(one)
        ends = [one.ends_at for one in self.model.shares.values() if one.ends_at is not None]
        self._pass_time(max([self.now, *ends]) - self.now + KEPT + timedelta(days=1))
        self.tidy()
        self._pass_time(GRACE + timedelta(days=1))
        self.tidy()

    def check(self):
        """Compare everything that can be read with the model."""
        self.counts["checks"] += 1
        for recent_only, words in ((True, "recent and live"), (False, "all")):
            shown = self._read_overview(words)
            told = self.model.overview(self.now, recent_only=recent_only)
            assert shown == told, (words, shown.items() ^ told.items())
        for asset in self._chance.sample(self._catalogue, min(10, len(self._catalogue))):
            board = read_board(self._installation, asset, limit=100_000)
            shown = {one.share_id: (one.state, one.withdrawn_at is not None) for one in board.rows}
            assert shown == self.model.board(asset, self.now), asset
        assert self._list_renditions() == self.model.stored
        for kind in ("pages", "plans"):
            folder = self._installation.store.folder / kind
            found = {one.name for one in folder.iterdir() if any(one.iterdir())}
            assert found == self.model.folders(), kind
        self._check_gate()

    def check_nothing_left(self):
        """After the last purge only receipts are there."""
        with self._installation.transaction() as session:
            left = {
                table.name: session.scalar(select(func.count()).select_from(table))
                for table in Base.metadata.sorted_tables
            }
            states = set(session.scalars(select(Share.state)))
        assert states == {ShareState.PURGED}
        assert left["share"] == len(self.model.shares)
        assert {name: count for name, count in left.items() if count and name not in _STAYS} == {}
        files = [one for one in self._installation.store.folder.rglob("*") if one.is_file()]
        assert [one.name for one in files if not one.name.startswith(".")] == []

    def _pass_time(self, period):
        self.now += period
        self._set_clock(self.now)

    def _make(self):
        self.counts["made"] += 1
        ends_at = self._choose_end()
        is_real = self.counts["made"] % self._real_every == 0
        share_id, assets, needs = self._publish(ends_at) if is_real else self._keep(ends_at)
        with self._installation.transaction() as session:
            grant = session.scalars(select(Grant).where(Grant.share_id == share_id)).one()
        link = show_link(self._installation.seals, grant, "")
        self._tokens[share_id] = link.strip("/").rpartition("/")[2]
        self.model.add(ModelShare(share_id, assets, frozenset(needs), self.now, ends_at))

    def _choose_end(self):
        if self._chance.random() < 0.1:
            return None
        # To the minute, as an owner writes it.
        end = self.now + timedelta(days=self._chance.randint(1, 60), minutes=1)
        return end.replace(second=0, microsecond=0)

    def _publish(self, ends_at):
        """Publish a share of two small files by every step of the real flow."""
        self.counts["published"] += 1
        words = "never" if ends_at is None else ends_at.strftime("%Y-%m-%dT%H:%M")
        share_id = publish(self._installation, a_request(expires_on=words, zone="UTC"))
        with self._installation.transaction() as session:
            share = session.get_one(Share, share_id)
            assert share.expires_at == ends_at
            statement = select(RenditionRef.key).join(Rendition, Rendition.key == RenditionRef.key)
            needs = session.scalars(
                statement.where(
                    RenditionRef.share_id == share_id,
                    Rendition.splices.is_(None),
                    Rendition.state == RenditionState.PRESENT,
                )
            ).all()
            positions = self._read_assets(session, share_id)
        return share_id, positions, needs

    def _keep(self, ends_at):
        """Keep a share as rows, with the files that it would have."""
        picked = self._chance.sample(self._catalogue, self._chance.randint(1, 4))
        keys = {asset: hashlib.sha256(asset.encode()).hexdigest() for asset in picked}
        share = keep_share(
            self._installation, *picked, created_at=self.now, frozen_at=self.now,
            opened_at=self.now, expires_at=ends_at, current_build="build",
        )  # fmt: skip
        store = self._installation.store
        plan = f"plans/{share.id}/zip.plan"
        store.put(f"pages/{share.id}/build/page-1.html", b"<html></html>")
        store.put(plan, b"plan")
        with self._installation.transaction() as session:
            for position, key in enumerate(keys.values(), 1):
                refers = insert(RenditionRef).values(
                    share_id=share.id, position=position, part=1, format="view", key=key
                )
                session.execute(refers)
                self._keep_rendition(session, key)
            session.add(
                Bundle(
                    share_id=share.id, position=0, format="original", file_name="zip",
                    plan_key=plan, size_bytes=4, entry_count=0, etag="zip",
                )
            )  # fmt: skip
        return share.id, dict(enumerate(picked, 1)), keys.values()

    def _keep_rendition(self, session, key):
        row = {
            "key": key, "generation": 0, "state": RenditionState.PRESENT, "recipe": {},
            "size_bytes": len(_PICTURE), "sha256": hashlib.sha256(_PICTURE).digest(),
        }  # fmt: skip
        made = insert(Rendition).values(row).on_conflict_do_nothing().returning(Rendition.key)
        if session.scalar(made):
            self._installation.store.put(rendition_store_key(key, 0), _PICTURE)

    def _change_something(self):
        live = self.model.live(self.now)
        if not live:
            return
        share, what = self._chance.choice(live), self._chance.random()
        if what < 0.4:
            self._give_another_end(share)
        elif what < 0.8:
            self._withdraw(share)
        elif what < 0.9:
            self._revoke(share)

    def _give_another_end(self, share):
        ends_at = self._choose_end()
        words = "never" if ends_at is None else ends_at.strftime("%Y-%m-%dT%H:%M")
        was_expired = share.state(self.now) == "expired"
        change = ShareChange(expires_on=words, zone="UTC")
        change_share(self._installation, str(share.id), change, asked_by="year")
        share.ends_at = ends_at
        self.counts["reopened" if was_expired else "changed"] += 1

    def _withdraw(self, share):
        position = self._chance.choice(list(share.assets))
        asset = share.assets[position]
        done = withdraw_asset(self._installation, str(share.id), asset, asked_by="year")
        assert done == (position not in share.withdrawn)
        share.withdrawn.add(position)
        self.counts["withdrawn"] += done

    def _revoke(self, share):
        assert revoke_share(self._installation, str(share.id), asked_by="year")
        share.revoked_at = self.now
        self.counts["revoked"] += 1

    def _read_overview(self, words):
        shown, after = {}, ""
        while True:
            query = OverviewQuery(shares=words, limit=500, after=after)
            page = read_overview(self._installation, query)
            shown |= {one.share_id: (one.state, one.assets, one.withdrawn) for one in page.rows}
            after = page.after
            if not after:
                return shown

    def _list_renditions(self):
        folder = self._installation.store.folder / "renditions"
        return {one.name.partition(".")[0] for one in folder.rglob("*") if one.is_file()}

    def _read_assets(self, session, share_id):
        table = Base.metadata.tables["shared_asset"]
        statement = select(table.c.position, table.c.asset_id).where(table.c.share_id == share_id)
        return dict(session.execute(statement).all())

    def _check_gate(self):
        """Ask for some pages: those are shown whose share is open and has something left."""
        shares = list(self.model.shares.values())
        for share in self._chance.sample(shares, min(20, len(shares))):
            is_open = share.state(self.now) == "open" and len(share.withdrawn) < len(share.assets)
            assert self._is_shown(share.id) == is_open

    def _is_shown(self, share_id):
        with self._installation.transaction() as session:
            try:
                admit(session, self._installation.seals, self._tokens[share_id], action=Action.LOOK)
            except VitrineError:
                return False
        return True
