"""What is tallied, and the SQL that says so. The same text serves SQLite and PostgreSQL but for a few `Dialect` words.

A rule of the database reads NEW and OLD; what concerns people is asked of the rows again, under the lock of the person,
so that two contributions of one backer that change at once count as they stand once both are committed.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """`amount` in minor units (of UNITS, in rewards). The first block stands in the progress of a campaign."""

    PLEDGED = "pledged"
    PEOPLE = "people"
    COLLECTED = "collected"
    REFUNDED = "refunded"
    LOST = "lost"
    UNITS = "units"
    #: People of the wall of thanks: all who contributed, and who of them shows a name.
    STANDING = "standing"
    SHOWN = "shown"
    #: By the quarter of an hour: what stands or stood at the end, what was paid, units of a presale.
    STOOD = "stood"
    PAID = "paid"
    UNITS_STOOD = "units_stood"
    #: By reward: to how many people it is promised.
    PROMISED = "promised"


@dataclass(frozen=True)
class Dialect:
    """What the two databases say otherwise: `quarter` and `day_of` take the place of `{at}`."""

    vendor: str
    whole: str
    quarter: str
    differs: str
    lock: str

    def quarter_of(self, at: str) -> str:
        return self.quarter.replace("{at}", at)


POSTGRESQL = Dialect(
    vendor="postgresql",
    whole="TIMESTAMPTZ '1970-01-01 00:00:00+00'",
    quarter="date_bin('15 minutes', {at}, TIMESTAMPTZ '1970-01-01 00:00:00+00')",
    differs="IS DISTINCT FROM",
    lock="PERFORM 1 FROM {table} WHERE {where} ORDER BY id FOR UPDATE",
)

#: Moments are text in UTC, with the fraction of a second left out where it is nothing.
SQLITE = Dialect(
    vendor="sqlite",
    whole="'1970-01-01 00:00:00'",
    quarter=(
        "(strftime('%Y-%m-%d %H:', {at}) || substr('0' || (CAST(strftime('%M', {at}) AS INTEGER) / 15 * 15), -2)"
        " || ':00')"
    ),
    differs="IS NOT",
    lock="",  # whoever writes is alone
)

DIALECTS = {"postgresql": POSTGRESQL, "sqlite": SQLITE}

# What a row of each table is worth. `{r}` is the row: NEW, OLD or an alias.

#: Counts in the progress: confirmed, and made before the end.
COUNTS = "({r}.state = 'confirmed' AND NOT {r}.is_late)"

#: Stands, or stood when the outcome was decided: what the days of a campaign show.
STOOD = (
    "({r}.confirmed_at IS NOT NULL AND NOT {r}.is_late AND ({r}.state = 'confirmed' OR {r}.ended_at >= "
    "(SELECT c.decided_at FROM campaigns_campaign c WHERE c.id = {r}.campaign_id)))"
)

PRESALE = "EXISTS (SELECT 1 FROM campaigns_campaign c WHERE c.id = {campaign} AND c.goal_unit = 'units')"

#: A refund that took money off what was collected; and one that did, or is about to.
GIVEN_BACK = "({r}.state = 'done' OR ({r}.state = 'failed' AND {r}.done_at IS NOT NULL))"
BACK = "({r}.state IN ('done', 'due') OR ({r}.state = 'failed' AND {r}.done_at IS NOT NULL))"

#: Nothing is left of the pledge `p`: it was agreed to give it all back.
GONE = f"""(
    EXISTS (SELECT 1 FROM pledges_payment y JOIN pledges_refund r ON r.payment_id = y.id
        WHERE y.pledge_id = p.id AND {BACK.format(r="r")})
    AND (SELECT COALESCE(SUM(y.amount), 0) FROM pledges_payment y WHERE y.pledge_id = p.id AND y.state = 'paid')
    <= (SELECT COALESCE(SUM(r.amount), 0) FROM pledges_payment y JOIN pledges_refund r ON r.payment_id = y.id
        WHERE y.pledge_id = p.id AND {BACK.format(r="r")})
    + (SELECT COALESCE(SUM(d.amount), 0) FROM pledges_payment y JOIN pledges_dispute d ON d.payment_id = y.id
        WHERE y.pledge_id = p.id AND d.state = 'lost'))"""

#: The confirmed pledge `p` was given back by one refund of a whole payment: it is on no wall.
RETURNED = """EXISTS (SELECT 1 FROM pledges_payment y JOIN pledges_refund r ON r.payment_id = y.id
        WHERE y.pledge_id = p.id AND r.amount >= y.amount AND r.state <> 'failed')"""

#: What of a person is true now, by column of `pledges_tallyperson`; conditions on a confirmed pledge `p`.
OF_PERSON = {
    "counts": (Kind.PEOPLE, "NOT p.is_late"),
    "stands": (Kind.STANDING, f"NOT {RETURNED}"),
    "shows": (Kind.SHOWN, f"p.wall IN ('amount', 'name') AND NOT {RETURNED}"),
}


def person_now(column: str) -> str:
    """Whether it is true of the person of a row of `pledges_tallyperson`."""
    _kind, condition = OF_PERSON[column]
    return (
        "(SELECT COUNT(*) > 0 FROM pledges_pledge p WHERE p.campaign_id = pledges_tallyperson.campaign_id "
        f"AND p.backer_id = pledges_tallyperson.backer_id AND p.state = 'confirmed' AND {condition})"
    )


#: Whether the person of a row of `pledges_tallyholder` is promised its reward. The backer's few pledges come first,
#: never the many items of the reward (`+ 0`: by no index). Counted, as EXISTS may be answered for everybody at once.
HOLDS_NOW = f"""(SELECT COUNT(*) > 0 FROM pledges_pledge p CROSS JOIN pledges_pledgeitem i
    WHERE p.backer_id = pledges_tallyholder.backer_id AND p.state IN ('pending', 'confirmed')
    AND i.pledge_id = p.id AND i.reward_id + 0 = pledges_tallyholder.reward_id AND i.quantity > 0 AND NOT {GONE})"""
