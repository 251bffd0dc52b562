"""The environment of every part of a local stack, each value with its reason."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from deployments.stack.home import ROOT
from services.settings import STACK_MARK, inherit_environment

#: What parts may know of the operator's shell; nothing else of it reaches them.
_INHERITED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "USER"})

_LOGGING = ROOT / "deployments" / "logging.yml"
#: For Prefect's clients: each would read all authorities of the web for an address of plain http,
#: which takes 40 ms, and what a worker frees of it in between stays its own.
NO_AUTHORITIES = ROOT / "deployments" / "nobody.pem"


@dataclass(frozen=True)
class Addresses:
    """Where the parts of a running stack are reached."""

    gateway_port: int
    desk_port: int
    prefect_port: int
    database_url: str
    prefect_database_url: str
    library: str

    @property
    def public_url(self) -> str:
        """The gateway, as recipients on this machine reach it."""
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def desk_url(self) -> str:
        """The desk."""
        return f"http://127.0.0.1:{self.desk_port}"

    @property
    def prefect_url(self) -> str:
        """Prefect's UI; its API lies below `/api`."""
        return f"http://127.0.0.1:{self.prefect_port}"


def make_environment(home: str, mark: str, addresses: Addresses) -> dict[str, str]:
    """Make the environment that all parts share."""
    inherited = inherit_environment(_INHERITED)
    # `python` in a deployment's command is the one that runs this, whatever the shell has first.
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")])
    return {
        **inherited,
        "PATH": path,
        # Prefect's worker makes a folder of a fixed name in here, which two users cannot share.
        "TMPDIR": f"{home}/tmp",  # noqa: S108 - private, in the home
        STACK_MARK: mark,
        "VITRINE_HOME": home,
        "VITRINE_DATABASE_URL": addresses.database_url,
        "VITRINE_PUBLIC_URL": addresses.public_url,
        # Flow runs work in a folder of their own: a relative path would lead nowhere.
        "VITRINE_LIBRARY": addresses.library,
        "PYTHONUNBUFFERED": "1",
        # Each thread would keep free memory of its own, eight times as many as there are processors.
        "MALLOC_ARENA_MAX": "2",
        **_make_prefect_environment(home, addresses),
    }


def _make_prefect_environment(home: str, addresses: Addresses) -> dict[str, str]:
    return {
        "PREFECT_HOME": f"{home}/prefect",
        "PREFECT_API_URL": f"{addresses.prefect_url}/api",
        "PREFECT_API_SSL_CERT_FILE": str(NO_AUTHORITIES),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": addresses.prefect_database_url,
        # Its pool takes connections in turn, so that each grows to the 12 MB of PostgreSQL's that the
        # busiest one needs; more than these are closed again once they are free.
        "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "3",
        # Nothing phones home: the server, the SDK, the UI's invitations, resource metrics.
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # The second UI asks a third party for its configuration, whatever the switches say.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_API_URL": f"{addresses.prefect_url}/api",
        # By default any page in the operator's browser could start runs.
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": addresses.prefect_url,
        # A flow without its server must fail, not start a server of its own.
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # Events in batches: a third of the server's work (measured).
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "50",
        "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "50",
        # By default flow runs are kept for ever; what must last stands in our own history.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "P14D",
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P2D",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": json.dumps(
            {"prefect.flow-run.heartbeat": 7200}
        ),
        # A server that is away for two minutes is waited for (2, 4, 8 … 64 s), and so is one that
        # cannot reach its own database: that answers 500.
        "PREFECT_CLIENT_MAX_RETRIES": "6",
        "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500",
        # A lost host is noticed by its silence; see the automation in bootstrap.py.
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        # Somebody waits for a publication: look for runs every second, not every ten. Each look costs
        # the server 20 ms, which at twice a second was most of what an idle stack used.
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "services,tasks",
        "PREFECT_LOGGING_COLORS": "false",
        "PREFECT_LOGGING_CONFIG_PATH": str(_LOGGING),
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLI_PROMPT": "false",
    }
