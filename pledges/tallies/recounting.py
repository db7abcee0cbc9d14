"""The tallies, counted from the rows again: all of them when they are first installed, a campaign's to mend them.

Where they differ is said by pledges.ledger_checks.tallies, which asks the rows in words of its own.
"""

from typing import Any

from django.db import connection, transaction

from campaigns.models import Campaign
from pledges.tallies.kinds import COUNTS, DIALECTS, GIVEN_BACK, GONE, OF_PERSON, STOOD, Dialect, Kind

#: Whose rows the tallies are of. Nobody writes them while they are counted.
COUNTED = (
    "pledges_pledge",
    "pledges_pledgeitem",
    "pledges_payment",
    "pledges_refund",
    "pledges_dispute",
    "pledges_tally",
)

INTO = "INSERT INTO pledges_tally (campaign_id, kind, key, at, amount, people, is_sum) "
PAYMENTS = "pledges_payment y JOIN pledges_pledge p ON p.id = y.pledge_id"
ITEMS = (
    "pledges_pledgeitem i JOIN pledges_pledge p ON p.id = i.pledge_id JOIN campaigns_reward w ON w.id = i.reward_id "
    "JOIN campaigns_campaign g ON g.id = p.campaign_id AND g.goal_unit = 'units' AND w.kind = 'reward'"
)


def mend(campaign: Campaign) -> None:
    """Count a campaign's tallies again; contributions wait meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {', '.join(COUNTED)} IN SHARE ROW EXCLUSIVE MODE")
        fill(cursor, DIALECTS[connection.vendor], campaign.pk)


def fill(cursor: Any, dialect: Dialect, campaign_id: int | None = None) -> None:
    """Of one campaign, or of all. The caller sees to it that nobody writes meanwhile."""
    of = f"= {campaign_id:d}" if campaign_id is not None else "IS NOT NULL"
    for statement in [*_forgotten(of), *_people(of), *_tallied_people(dialect, of), *_tallied_sums(dialect, of)]:
        cursor.execute(statement)


def _forgotten(of: str) -> list[str]:
    rewards = f"SELECT w.id FROM campaigns_reward w WHERE w.campaign_id {of}"
    return [
        f"DELETE FROM pledges_tally WHERE campaign_id {of}",
        f"DELETE FROM pledges_tallyperson WHERE campaign_id {of}",
        f"DELETE FROM pledges_tallyholder WHERE reward_id IN ({rewards})",
    ]


def _people(of: str) -> list[str]:
    columns = ", ".join(OF_PERSON)
    now = ", ".join(f"MAX(CASE WHEN {holds} THEN 1 ELSE 0 END) = 1" for _kind, holds in OF_PERSON.values())
    held = f"p.state IN ('pending', 'confirmed') AND i.quantity > 0 AND p.campaign_id {of} AND NOT {GONE}"
    return [
        f"INSERT INTO pledges_tallyperson (campaign_id, backer_id, {columns}) SELECT p.campaign_id, p.backer_id, {now} "
        f"FROM pledges_pledge p WHERE p.state = 'confirmed' AND p.campaign_id {of} GROUP BY p.campaign_id, p.backer_id",
        "INSERT INTO pledges_tallyholder (reward_id, backer_id, holds) SELECT i.reward_id, p.backer_id, TRUE FROM "
        f"pledges_pledge p JOIN pledges_pledgeitem i ON i.pledge_id = p.id WHERE {held} "
        "GROUP BY i.reward_id, p.backer_id",
    ]


def _tallied_people(dialect: Dialect, of: str) -> list[str]:
    people = [
        f"{INTO}SELECT campaign_id, '{kind}', 0, {dialect.whole}, 0, COUNT(*), TRUE FROM pledges_tallyperson "
        f"WHERE {column} AND campaign_id {of} GROUP BY campaign_id"
        for column, (kind, _condition) in OF_PERSON.items()
    ]
    promised = (
        f"{INTO}SELECT w.campaign_id, '{Kind.PROMISED}', w.id, {dialect.whole}, 0, COUNT(*), TRUE "
        "FROM pledges_tallyholder h JOIN campaigns_reward w ON w.id = h.reward_id "
        f"WHERE h.holds AND w.campaign_id {of} GROUP BY w.campaign_id, w.id"
    )
    return [*people, promised]


def _tallied_sums(dialect: Dialect, of: str) -> list[str]:
    counts, stood = COUNTS.format(r="p"), STOOD.format(r="p")
    paid = "y.state = 'paid' AND NOT p.is_late"
    refunds = f"pledges_refund r JOIN {PAYMENTS.replace(' JOIN', ' ON y.id = r.payment_id JOIN', 1)}"
    disputes = f"pledges_dispute d JOIN {PAYMENTS.replace(' JOIN', ' ON y.id = d.payment_id JOIN', 1)}"
    timed = (dialect.quarter_of("p.confirmed_at"), dialect.quarter_of("y.paid_at"))
    return [
        _sum(Kind.PLEDGED, "p.amount", "pledges_pledge p", counts, of, dialect.whole),
        _sum(Kind.STOOD, "p.amount", "pledges_pledge p", stood, of, timed[0]),
        _sum(Kind.COLLECTED, "y.amount", PAYMENTS, paid, of, dialect.whole),
        _sum(Kind.PAID, "y.amount", PAYMENTS, f"{paid} AND y.paid_at IS NOT NULL", of, timed[1]),
        _sum(Kind.REFUNDED, "r.amount", refunds, f"{GIVEN_BACK.format(r='r')} AND NOT p.is_late", of, dialect.whole),
        _sum(Kind.LOST, "d.amount", disputes, "d.state = 'lost' AND NOT p.is_late", of, dialect.whole),
        _sum(Kind.UNITS, "i.quantity", ITEMS, counts, of, dialect.whole),
        _sum(Kind.UNITS_STOOD, "i.quantity", ITEMS, stood, of, timed[0]),
    ]


def _sum(kind: Kind, what: str, rows: str, where: str, of: str, at: str) -> str:
    return (
        f"{INTO}SELECT s.campaign_id, '{kind}', 0, s.at, SUM(s.amount), 0, TRUE FROM (SELECT p.campaign_id AS "
        f"campaign_id, {at} AS at, {what} AS amount FROM {rows} WHERE p.campaign_id {of} AND {where}) s "
        "GROUP BY s.campaign_id, s.at"
    )
