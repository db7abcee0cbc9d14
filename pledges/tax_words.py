"""The taxes contained in an amount that is about to be agreed to, in words. Nothing is written."""

from zoneinfo import ZoneInfo

from home import clock, formats
from home.models import Cooperative
from pledges import taxes
from pledges.models import TaxRate


def taxes_in(taxable: int, cooperative: Cooperative) -> str:
    """« TPS 1,30 $ · TVQ 2,60 $ » by today's rates; empty where none is due. `taxable` in minor units, taxes in it.

    Three queries, none where nothing is taxable.
    """
    if not taxable:
        return ""
    today = clock.now().astimezone(ZoneInfo(cooperative.time_zone)).date()
    parts = taxes.parts_of(taxable, taxes.levied_by(cooperative, today))
    names = {rate.code: rate.name for rate in TaxRate.objects.filter(code__in=parts)}
    shown = (f"{names[code]} {formats.money(cents, cooperative.currency, exact=True)}" for code, cents in parts.items())
    return " · ".join(shown)
