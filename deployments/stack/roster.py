"""The parts of a local stack: how each is started, and how it shows that it is ready."""

import sys

from deployments.stack.environment import Addresses
from deployments.stack.home import ROOT
from deployments.stack.parts import Part

_HOST = "127.0.0.1"
#: Flow runs at once on this machine; what waits is on Prefect's queue.
_MOST_RUNS = "4"


def make_prefect_server(addresses: Addresses) -> Part:
    """Prefect's API and UI."""
    return Part(
        "prefect",
        _python(
            "deployments.stack.prefect_server",
            *("--host", _HOST, "--port", str(addresses.prefect_port)),
        ),
        health=f"{addresses.prefect_url}/api/health",
        is_quiet_until_ready=True,
    )


def make_gateway(addresses: Addresses, workers: int) -> Part:
    """The doors for recipients."""
    return _serve("gateway", "gateway.app:create", addresses.gateway_port, workers)


def make_desk(addresses: Addresses) -> Part:
    """The door for owners and the DAM."""
    return _serve("desk", "gateway.desk:create", addresses.desk_port)


def make_bootstrap() -> Part:
    """What registers pool, deployments and automations with Prefect, and ends."""
    return Part("bootstrap", _python("deployments.stack.bootstrap"), is_quiet_until_ready=True)


def make_migrations() -> Part:
    """What brings the tables up to date, and ends."""
    command = _python("alembic", "--config", str(ROOT / "alembic.ini"), "upgrade", "head")
    return Part("tables", command, is_quiet_until_ready=True, cwd=str(ROOT))


def make_worker() -> Part:
    """Prefect's process worker, which starts the flow runs."""
    return Part(
        "worker",
        _python(
            *("prefect", "worker", "start", "--pool", "local", "--type", "process"),
            *("--name", "local", "--limit", _MOST_RUNS),
        ),
        sign="started!",
        is_quiet_until_ready=True,
    )


def make_standby() -> Part:
    """The warm process for what somebody waits for."""
    return Part("standby", _python("deployments.standby"), sign="listening")


def _serve(name: str, factory: str, port: int, workers: int = 1) -> Part:
    command = _python("granian", "--interface", "asgi", "--host", _HOST, "--port", str(port))
    command += ["--workers", str(workers), "--loop", "uvloop", "--no-ws"]
    command += ["--log-level", "warning", "--factory", factory]
    return Part(name, command, health=f"http://{_HOST}:{port}/healthz")


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
