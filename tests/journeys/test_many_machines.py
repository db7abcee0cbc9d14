"""The whole path again, unchanged, on two web servers behind nginx, two workers, PostgreSQL and Redis.

Four times two minutes: with WHOLE=1 alone (`make soak`).
"""

import os

import pytest

from tests.journeys.machines import machines

pytestmark = pytest.mark.browser

if os.environ.get("WHOLE") == "1":
    from tests.journeys.test_whole_path import (  # noqa: F401 (the same stories, on the stack of this module)
        test_a_campaign_that_misses_its_goal_charges_nobody,
        test_compose_pledge_settle_announce_deliver,
    )


@pytest.fixture(params=["rq", "database"])
def stack(request, tmp_path):
    """Tasks wait in Redis, then in PostgreSQL."""
    with machines(tmp_path, request.param) as stack:
        yield stack
