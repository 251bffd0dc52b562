"""What a failed run leaves behind: a line in the history, and the lease for the next run."""

from typing import Any

from prefect import Flow, State
from prefect.client.schemas.objects import FlowRun

from services.failures import note_publication_failure
from services.installation import get_installation


def note_failed_run(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Tell the share's history that this run of its publication ended without opening it."""
    note_publication_failure(get_installation(), run=str(flow_run.id), state=state.name or "")
