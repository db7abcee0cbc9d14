"""The whole path again, unchanged, on two web servers behind nginx, two workers, PostgreSQL and Redis."""

import os

import pytest

from tests.journeys.machines import machines
from tests.journeys.test_whole_path import test_compose_pledge_settle_announce_deliver  # noqa: F401 (on this stack)

pytestmark = pytest.mark.browser
WHOLE = os.environ.get("WHOLE") == "1"

if WHOLE:
    from tests.journeys.test_whole_path import (  # noqa: F401
        test_a_campaign_that_misses_its_goal_charges_nobody,
    )


@pytest.fixture(params=["rq", "database"] if WHOLE else ["rq"])
def stack(request, tmp_path):
    """Tasks wait in Redis; and in PostgreSQL, with WHOLE=1 (`make soak`)."""
    with machines(tmp_path, request.param) as stack:
        yield stack
