"""Money of partners: recorded by treasurers, shown apart, in no total of what people gave and not in the goal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.db import transaction
from django.db.models import Aggregate, JSONField, OuterRef, Subquery
from django.db.models.functions import JSONObject

from campaigns.models import Campaign
from home import audit, clock
from home.languages import ENGLISH, FRENCH, current
from home.models import User
from pledges import ledger, money_acts
from pledges.models import Matching


@dataclass(frozen=True)
class Partner:
    """Who adds how much (minor units), as it is shown."""

    name: str
    amount: int
    currency: str


@dataclass(frozen=True)
class Received:
    """What a treasurer says of money that came. `amount` in minor units."""

    partner_fr: str
    partner_en: str
    amount: int
    received_on: date
    reference: str = ""


def record(campaign: Campaign, received: Received, *, by: User) -> Matching:
    with transaction.atomic():
        matching = Matching.objects.create(
            cooperative_id=campaign.cooperative_id,
            campaign=campaign,
            partner_fr=received.partner_fr,
            partner_en=received.partner_en,
            amount=received.amount,
            currency=campaign.currency,
            received_on=received.received_on,
            reference=received.reference,
            recorded_by=by,
            recorded_at=clock.now(),
        )
        ledger.record_matching(matching, matching.recorded_at)
        facts = {"amount": matching.amount, "currency": matching.currency}
        act = money_acts.MATCHING_RECORDED
        audit.record(act, cooperative=campaign.cooperative, by=by, subject=campaign, **facts)
    return matching


class JsonList(Aggregate):
    """The rows of a group as one list, in no order."""

    function = "jsonb_agg"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_group_array", **extra)


def listed() -> Subquery:
    """The partners of the outer campaign, so that they are read with it and cost no query."""
    fields = JSONObject(fr="partner_fr", en="partner_en", amount="amount")
    rows = Matching.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
    return Subquery(rows.annotate(all=JsonList(fields)).values("all"), output_field=JSONField())


def partners_of(campaign: Campaign) -> list[Partner]:
    """The largest first. Read with the campaign where it was (pledges.totals.with_sums), else in a query."""
    known = getattr(campaign, "matched", None) if hasattr(campaign, "matched") else _read(campaign)
    language = current()
    other = ENGLISH if language == FRENCH else FRENCH
    partners = [
        Partner(row[language] or row[other], row["amount"], campaign.currency)
        for row in cast(Iterable[Any], known or [])
    ]
    return sorted(partners, key=lambda one: (-one.amount, one.name))


def _read(campaign: Campaign) -> list[dict[str, Any]]:
    rows = Matching.objects.filter(campaign=campaign).values_list("partner_fr", "partner_en", "amount")
    return [{FRENCH: french, ENGLISH: english, "amount": amount} for french, english, amount in rows]
