"""Kill -9 at a named moment: work is done in a real process of its own, which dies there."""

import multiprocessing
import os
import secrets
import shutil
import signal
from pathlib import Path

import psycopg

from services import moments
from services.installation import Installation
from services.settings import Settings

# Its server is a process without threads that has everything loaded: a child costs milliseconds.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.killing", "tests.publishing"])
_MOST_SECONDS = 900
KILLED = -signal.SIGKILL


def kill_at(moment, work, settings, *, nth=1):
    """Do work in a child that kills itself when it comes to the moment; return its exit code."""
    child = CHILDREN.Process(target=_work_until, args=(moment, nth, work, settings))
    child.start()
    child.join(_MOST_SECONDS)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise TimeoutError(moment)
    return child.exitcode


def _work_until(moment, nth, work, settings):
    left = nth

    def die(reached):
        nonlocal left
        left -= reached == moment
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    moments.watch(die)
    work(Installation(settings))


class World:
    """An installation that can be copied: its database and its home, with the library beside it."""

    def __init__(self, cluster, settings, database, password):
        self.cluster, self.settings, self.database = cluster, settings, database
        self.password = password
        self.installation = Installation(settings)

    def copy(self, folder: Path) -> "World":
        """Copy all of it; nobody may work with the first one meanwhile."""
        self.close()
        name = f"world_{secrets.token_hex(6)}"
        self.cluster.create_database(name, owner="vitrine_owner", template=self.database)
        with self.cluster.connect() as connection:
            connection.execute(f"GRANT CONNECT ON DATABASE {name} TO vitrine_app")
        home = folder / "home"
        shutil.copytree(self.settings.home, home)
        url = self.cluster.url("vitrine_app", self.password, name)
        made = Settings(**{**self.settings.model_dump(), "home": home, "database_url": url})
        return World(self.cluster, made, name, self.password)

    def pass_time(self, words: str) -> None:
        """Put the one clock forward, by an interval as PostgreSQL writes it; it goes on from there."""
        url = self.cluster.url("vitrine_owner", self.password, self.database)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "CREATE OR REPLACE FUNCTION vitrine_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
                f" AS $$ SELECT clock_timestamp() + interval '{words}' $$"
            )

    def close(self) -> None:
        """Close every connection to it."""
        self.installation.close()

    def remove(self) -> None:
        """Remove its database; its home is pytest's."""
        self.close()
        with self.cluster.connect() as connection:
            connection.execute(f"DROP DATABASE {self.database} WITH (FORCE)")
