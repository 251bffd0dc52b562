"""Prefect's server, started as its own command does, with one repair.

SQLAlchemy 2.1 refuses bulk inserts that name a hybrid attribute without a rule for them; 2.0 left
such values out. Prefect 3.8.8 inserts scheduled runs that way, so that no schedule would ever fire.
The rule that is missing is given here: leave the value out. See docs/decisions/0003.
"""

import argparse
from collections.abc import MutableMapping
from typing import Any

import uvicorn
from prefect.server.api.server import create_app
from prefect.server.database.orm_models import FlowRun, TaskRun


def repair_bulk_inserts() -> None:
    """Let bulk inserts of runs leave out their state, which is a row of another table."""
    for model in (FlowRun, TaskRun):
        hybrid: Any = model.__mapper__.all_orm_descriptors["state"]
        if hybrid.bulk_dml_setter is None:
            hybrid.bulk_dml_setter = _leave_out


def main() -> None:
    """Serve the API and the UI on the address given, and run the server's services."""
    parser = argparse.ArgumentParser(description="Prefect's server")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    arguments = parser.parse_args()
    repair_bulk_inserts()
    uvicorn.run(
        create_app(final=True),
        host=arguments.host,
        port=arguments.port,
        log_level="warning",
    )


def _leave_out(cls: type, mapping: MutableMapping[str, Any], value: object) -> None:
    """Do nothing: what is not written to the mapping is not inserted."""


if __name__ == "__main__":
    main()
