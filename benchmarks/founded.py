"""An installation on a PostgreSQL of its own, with our tables and nothing else of a stack."""

import base64
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from pydantic import SecretStr

from deployments.stack.home import ROOT
from deployments.stack.postgres import Cluster, running_cluster
from services.installation import Installation
from services.settings import Settings


@contextmanager
def founded(*, is_durable: bool = True) -> Iterator[tuple[Installation, Cluster]]:
    """Found it in a folder that goes with it; the cluster connects as its superuser."""
    password = secrets.token_urlsafe()
    with (
        tempfile.TemporaryDirectory(prefix="vitrine bench ") as place,
        running_cluster(Path(place) / "data", password=password, is_durable=is_durable) as cluster,
    ):
        for role in ("vitrine_owner", "vitrine_app"):
            cluster.create_role(role, password)
        cluster.create_database("vitrine", owner="vitrine_owner")
        with cluster.connect() as connection:
            connection.execute("GRANT CONNECT ON DATABASE vitrine TO vitrine_app")
        config = Config(ROOT / "alembic.ini")
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.attributes["url"] = cluster.url("vitrine_owner", password, "vitrine")
        command.upgrade(config, "head")
        installation = Installation(
            Settings(
                home=Path(place) / "home",
                database_url=SecretStr(cluster.url("vitrine_app", password, "vitrine")),
                link_key=SecretStr(base64.b64encode(secrets.token_bytes(32)).decode()),
            )
        )
        installation.store.found()
        yield installation, cluster
        installation.close()
