"""Samples are made once for all tests of metadata."""

import pytest

from tests.services.metadata.samples import Samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    return Samples(tmp_path_factory.mktemp("samples"))
