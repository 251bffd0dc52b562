import pytest
from starlette.testclient import TestClient

from gateway.app import create_app


@pytest.fixture
def browser(installation):
    """A client of the gateway that sees error pages, not exceptions."""
    with TestClient(create_app(installation), raise_server_exceptions=False) as client:
        yield client
