"""Tell Prefect what there is to run: work pool, deployments, and the end of silent runs.

Runs as a process of its own (`python -m deployments.stack.bootstrap`), because only it needs all of
Prefect's client. Safe to run at any time.
"""

import asyncio
import contextlib
import subprocess
import sys
from typing import Any

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from deployments.stack.home import ROOT

_POOL = "local"
_AUTOMATION = "End flow runs that fell silent"
_ENDINGS = ("Completed", "Failed", "Cancelled", "Crashed")


async def bootstrap() -> None:
    """Make the work pool and the automation, unless they are there."""
    async with get_client() as client:
        with contextlib.suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=_POOL, type="process"))
        await _automate(client)


async def _automate(client: PrefectClient) -> None:
    """Have runs marked as crashed whose host is lost: nothing else in Prefect does."""
    known = await client._client.post("/automations/filter", json={})  # noqa: SLF001
    if any(one["name"] == _AUTOMATION for one in known.json()):
        return
    answer = await client._client.post("/automations/", json=_describe_automation())  # noqa: SLF001
    answer.raise_for_status()


def _describe_automation() -> dict[str, Any]:
    heartbeat = "prefect.flow-run.heartbeat"
    return {
        "name": _AUTOMATION,
        "trigger": {
            "type": "event",
            "posture": "Proactive",
            "threshold": 1,
            "within": 90,
            "match": {"prefect.resource.id": ["prefect.flow-run.*"]},
            "for_each": ["prefect.resource.id"],
            "after": [heartbeat],
            "expect": [heartbeat, *(f"prefect.flow-run.{one}" for one in _ENDINGS)],
        },
        "actions": [
            {"type": "change-flow-run-state", "state": "CRASHED", "message": "Silent for 90 s"}
        ],
    }


def main() -> None:
    """Bootstrap, then register every deployment of prefect.yaml."""
    asyncio.run(bootstrap())
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
