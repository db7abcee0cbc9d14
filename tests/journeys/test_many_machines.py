"""The whole path again, unchanged, on two web servers behind nginx, two workers, PostgreSQL and Redis."""

import pytest

from tests.journeys.machines import machines
from tests.journeys.test_whole_path import (  # noqa: F401 (the same stories, on the stack of this module)
    test_a_campaign_that_misses_its_goal_charges_nobody,
    test_compose_pledge_settle_announce_deliver,
)

pytestmark = pytest.mark.browser


@pytest.fixture(params=["database", "rq"])
def stack(request, tmp_path):
    """Tasks wait in PostgreSQL, then in Redis."""
    with machines(tmp_path, request.param) as stack:
        yield stack
