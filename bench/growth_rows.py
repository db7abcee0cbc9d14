"""A cooperative with any number of contributions, cloned in SQL from one that was made in earnest.

Half of them are of one campaign, the rest of nineteen others; each is confirmed and paid, with its item, payment and
ledger groups, and a backer of its own. Triggers rest meanwhile; the tallies are counted afterwards, as on installing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from campaigns.enums import FundingModel
from campaigns.models import CampaignPage
from home.models import Cooperative, Role, User
from home.tenancy import across_cooperatives, within
from pledges import counted_apart
from pledges.fulfilment import today_in
from pledges.models import LedgerEntry, LedgerGroup, Payment, Pledge
from pledges.tallies import recounting
from pledges.tallies.kinds import POSTGRESQL
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.pledges import make_pledge
from updates import portfolios

CAMPAIGNS = 20
#: Ids of clones begin here: `FIRST + number` is the id of the backer, pledge, item and payment of one contribution.
FIRST = 1_000_000


@dataclass(frozen=True)
class Crowd:
    """`page`: the address of the page of the campaign that has half of the contributions."""

    cooperative: Cooperative
    editor: User
    page: str
    pledges: int


def gather(count: int) -> Crowd:
    """Make it, on empty tables."""
    cooperative = make_cooperative("meule")
    tiers = [tier(f"Contrepartie {number}", 3000 + 500 * number) for number in range(8)]
    campaigns = [
        make_campaign(
            cooperative,
            title=f"Campagne {number}",
            tiers=tiers if number == 0 else [tier("Une", 3000)],
            goal=100_000_000,
            funding_model=FundingModel.FLEXIBLE,
            bilingual=False,
        )
        for number in range(CAMPAIGNS)
    ]
    model = make_pledge(campaigns[0], fee=117)
    with within(cooperative), connection.cursor() as cursor:
        rewards = [one.rewards.order_by("position")[0].pk for one in campaigns]
        _clone(cursor, Pledge.objects.get(pk=model.pk), [one.pk for one in campaigns], rewards, count)
        page = CampaignPage.objects.get(translation_key=campaigns[0].translation_key).full_url
    for many in counted_apart.due():
        with within(many):
            counted_apart.count(many, *portfolios.waiting_for(many, today_in(many)))
    return Crowd(cooperative, make_user(cooperative, Role.OWNER), urlsplit(page).path, count)


def _clone(cursor: Any, pledge: Pledge, campaigns: list[int], rewards: list[int], count: int) -> None:
    payment = Payment.objects.get(pledge=pledge)
    item = pledge.items.get()
    where = f"(CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + (n / 2) % {CAMPAIGNS - 1} END)"
    campaign, reward = f"({_array(campaigns)})[{where}]", f"({_array(rewards)})[{where}]"
    at = "to_jsonb(now() - (n % 40000) * interval '1 minute')"
    cursor.execute("SET session_replication_role = replica")
    same = f"'id', {FIRST} + n"
    _copies(
        cursor,
        "home_backer",
        pledge.backer_id,
        count,
        f"{same}, 'email', 'c' || n || '@courriel.example', "
        "'email_key', 'c' || n || '@courriel.example', 'name', 'Contributrice ' || n",
    )
    _copies(
        cursor,
        "pledges_pledge",
        pledge.pk,
        count,
        f"{same}, 'attempt', gen_random_uuid(), 'backer_id', {FIRST} + n, "
        f"'campaign_id', {campaign}, 'created_at', {at}, 'confirmed_at', {at}",
    )
    _copies(cursor, "pledges_pledgeitem", item.pk, count, f"{same}, 'pledge_id', {FIRST} + n, 'reward_id', {reward}")
    _copies(
        cursor,
        "pledges_payment",
        payment.pk,
        count,
        f"{same}, 'pledge_id', {FIRST} + n, 'paid_at', {at}, 'stripe_intent', 'pi_' || n, 'stripe_charge', 'ch_' || n",
    )
    for turn, group in enumerate(LedgerGroup.objects.filter(subject_key=f"payment:{payment.pk}").order_by("pk")):
        key = f"{FIRST} + n + {turn} * {count}"
        _copies(
            cursor,
            "pledges_ledgergroup",
            group.pk,
            count,
            f"'id', {key}, 'subject_key', 'payment:' || ({FIRST} + n), 'campaign_id', {campaign}, 'happened_at', {at}",
        )
        for line, entry in enumerate(LedgerEntry.objects.filter(group=group).order_by("pk")):
            of = f"'id', {FIRST} + n + {10 * turn + line} * {count}, 'group_id', {key}"
            _copies(cursor, "pledges_ledgerentry", entry.pk, count, of)
    cursor.execute("SET session_replication_role = origin")
    with across_cooperatives():
        recounting.fill(cursor, POSTGRESQL)
    cursor.execute("VACUUM ANALYZE")


def _array(ids: list[int]) -> str:
    return f"ARRAY[{', '.join(str(one) for one in ids)}]::bigint[]"


def _copies(cursor: Any, table: str, key: int, count: int, changed: str) -> None:
    """`changed` are arguments of jsonb_build_object; `n` is the number of the clone."""
    cursor.execute(
        f"INSERT INTO {table} SELECT made.* FROM {table} m, generate_series(1, {count}) n, "
        f"LATERAL jsonb_populate_record(NULL::{table}, to_jsonb(m) || jsonb_build_object({changed})) made "
        f"WHERE m.id = {key}"
    )
