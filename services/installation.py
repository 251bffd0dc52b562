"""What the services work with: settings, database, store, seals and the DAM, opened once a process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any

import orjson
import psycopg
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from services.dam.connect import connect_dam
from services.dam.protocol import Dam
from services.errors import DatabaseAway, SettingMissing
from services.seals import Seals
from services.settings import Settings, get_settings
from services.store import Store


class Installation:
    """One installation of Vitrine, seen from one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def engine(self) -> Engine:
        """The connection pool of the application's role."""
        url = self.settings.database_url.get_secret_value()
        if not url:
            raise SettingMissing("VITRINE_DATABASE_URL is not set: start the stack with `make up`")
        return create_engine(
            url,
            # Named, so that it is loaded with this module and not when somebody waits.
            module=psycopg,
            pool_size=10,
            max_overflow=30,
            pool_pre_ping=True,
            # Parts, facts and recipes of 200 assets are 6,000 pieces of JSON.
            json_deserializer=orjson.loads,
            # The one that was used last knows the statement and its plan, and is in the processor's
            # caches; taken in turn, each would be the coldest.
            pool_use_lifo=True,
            # Parameters of statements are titles and addresses: no error may show them.
            hide_parameters=True,
        )

    def close(self) -> None:
        """Close the connections to the database; whoever asks for one opens it anew."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def connection_arguments(self) -> dict[str, Any]:
        """Say how the driver reaches the database, for what SQLAlchemy does not do: listening.

        As arguments, because an address as text would spell a space in a path in its own way.
        """
        url = self.engine.url
        return {**url.translate_connect_args(username="user", database="dbname"), **url.query}

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """Makes sessions whose objects stay readable after the commit."""
        return sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a session and commit it at the end; an error undoes all of it.

        Raises:
            DatabaseAway: it cannot be reached, it went away, or it cannot be written to.
        """
        with _telling_if_away(), self.sessions.begin() as session:
            yield session

    @cached_property
    def store(self) -> Store:
        """Where renditions, plans and pages lie.

        Its place is taken for the store as long as nothing was ever shared, or if something lies in
        it; an empty one where something should lie is that of a disk that is not mounted.
        """
        default = (self.settings.home.resolve() / "store").as_uri()
        store = Store(self.settings.store_url or default)
        if not store.is_here() and (store.has_objects() or not self._has_shares()):
            store.found()
        return store

    def _has_shares(self) -> bool:
        with self.transaction() as session:
            return bool(session.scalar(text("SELECT EXISTS (SELECT FROM share)")))

    @cached_property
    def seals(self) -> Seals:
        """The installation's own keys."""
        former = self.settings.former_link_keys.get_secret_value()
        return Seals(self.settings.link_key.get_secret_value(), former.split())

    def dam(self) -> Dam:
        """Connect to the DAM as it is now."""
        return connect_dam(self.settings)

    @cached_property
    def originals(self) -> Dam:
        """The DAM as a place to find originals: what it says of users and assets may be old."""
        return self.dam()


@contextmanager
def _telling_if_away() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        if not _is_away(error):
            raise
        # Without its text, which tells of hosts and statements.
        raise DatabaseAway from getattr(error, "orig", None)


def _is_away(error: DBAPIError | PoolTimeout) -> bool:
    """Whether it passes: no connection, a connection that ended, no room, or reading only."""
    if not isinstance(error, DBAPIError):
        return True
    is_reading_only = isinstance(error.orig, psycopg.errors.ReadOnlySqlTransaction)
    return isinstance(error, OperationalError) or error.connection_invalidated or is_reading_only


@lru_cache(maxsize=1)
def get_installation() -> Installation:
    """Open the installation that this process's settings describe."""
    # What is loaded by now lives as long as the process: a full collection, which takes a tenth of
    # a second with Prefect in memory, need not look at it.
    gc.freeze()
    return Installation(get_settings())
