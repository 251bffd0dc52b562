import pytest
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from prefect.testing.utilities import prefect_test_harness

import services.installation


@pytest.fixture(scope="session")
def prefect_server():
    """Prefect's own server, one for all tests of flows."""
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}),
    ):
        yield


@pytest.fixture
def flow_installation(prefect_server, installation, monkeypatch):
    """The installation that tasks find."""
    for module in ("selection", "renditions", "bundles", "pages", "letters", "reports", "failures"):
        monkeypatch.setattr(f"tasks.{module}.get_installation", lambda: installation)
    yield installation
    services.installation.get_installation.cache_clear()
