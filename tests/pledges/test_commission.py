"""The commission: rounded half up, with its fixed part, never more than the amount."""

import pytest

from home.models import Cooperative
from pledges.commission import commission_on


@pytest.mark.parametrize(
    ("amount", "basis_points", "fixed", "commission"),
    [
        (10_000, 500, 0, 500),
        (100, 500, 0, 5),
        (110, 500, 0, 6),  # 5.5 cents, half up
        (109, 500, 0, 5),  # 5.45
        (10_000, 500, 35, 535),
        (10_000, 0, 35, 35),
        (10_000, 0, 0, 0),
        (0, 500, 35, 0),
        (30, 0, 35, 30),
        (36, 0, 35, 35),
        (100, 10_000, 1, 100),
        (333_333_333_333, 333, 0, 11_100_000_000),
    ],
)
def test_what_the_platform_keeps(amount, basis_points, fixed, commission):
    cooperative = Cooperative(commission_basis_points=basis_points, commission_fixed=fixed)
    assert commission_on(amount, cooperative) == commission
