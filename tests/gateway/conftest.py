import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from tests.publishing import link_of, publish


@pytest.fixture
def browser(installation):
    """A client of the gateway that sees error pages, not exceptions."""
    with TestClient(create_app(installation), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def share_id(installation):
    """An open share of everything."""
    return publish(installation)


@pytest.fixture
def page(installation, share_id):
    """The address of its page."""
    return link_of(installation, share_id)
