"""What the platform keeps of a payment."""

from home.amounts import share_half_up
from home.models import Cooperative


def commission_on(amount: int, cooperative: Cooperative) -> int:
    """Percentage (rounded half up to a cent) plus the fixed part, never more than the amount. Minor units."""
    return min(amount, share_half_up(amount, cooperative.commission_basis_points) + cooperative.commission_fixed)
