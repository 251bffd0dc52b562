import gc
import warnings

import pytest
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

import services.installation
from deployments.stack.environment import NO_AUTHORITIES
from tests.tasks_find import let_tasks_find


@pytest.fixture(scope="package")
def prefect_server():
    """Prefect's own server, one for all tests of flows."""
    settings = {
        PREFECT_LOGGING_TO_API_ENABLED: False,
        PREFECT_API_SSL_CERT_FILE: str(NO_AUTHORITIES),
    }
    with prefect_test_harness(server_startup_timeout=120), temporary_settings(settings):
        yield
    # Its clients, threads of this process, may leave a connection open that the server has closed.
    # It is collected here, so that no other test is blamed for it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def flow_installation(prefect_server, installation, monkeypatch):
    """The installation that tasks find."""
    let_tasks_find(installation, monkeypatch)
    yield installation
    services.installation.get_installation.cache_clear()
