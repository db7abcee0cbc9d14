"""Stories that leave each other alone share one product: starting and stopping one takes 20 seconds of a core."""

import pytest

from tests.journeys.stack import running


@pytest.fixture(scope="package")
def stack(tmp_path_factory, migrated):
    """None makes what another counts, moves the clock or reads the inbox; no two campaigns have one address."""
    with running(tmp_path_factory.mktemp("beside"), migrated) as stack:
        yield stack
