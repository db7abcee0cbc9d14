"""What each change of a row changes in the tallies, as statements of SQL for triggers to run.

In statements and conditions NEW and OLD are the row as it is and was; `{differs}` and the like come from the dialect.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pledges.tallies.kinds import (
    COUNTS,
    GIVEN_BACK,
    HOLDS_NOW,
    OF_PERSON,
    PRESALE,
    STOOD,
    Dialect,
    Kind,
    person_now,
)

INTO = "INSERT INTO pledges_tally (campaign_id, kind, key, at, amount, people, is_sum) "

#: The rows that an event has, and their sign.
ROWS = {"INSERT": (("NEW", 1),), "UPDATE": (("NEW", 1), ("OLD", -1)), "DELETE": (("OLD", -1),)}


@dataclass(frozen=True)
class Rule:
    """A trigger: after `event` on `table`, where `when` holds, all of `statements`. Rules of a table run by name.

    `guard` may ask other tables, which `when` may not everywhere.
    """

    name: str
    table: str
    event: str
    columns: tuple[str, ...]
    when: str
    statements: tuple[str, ...]
    guard: str = ""


@dataclass(frozen=True)
class Term:
    """What one row, NEW or OLD as `{r}`, adds to a kind: `amount` (SQL) at `at` (SQL, None: whole) where `where`."""

    kind: Kind
    amount: str
    where: str
    campaign: str
    at: str | None = None


def rules(dialect: Dialect) -> list[Rule]:
    """All of them, in the order in which those of one table must run (people first: theirs is the lock)."""
    return [
        *_pledge_rules(dialect),
        *_item_rules(dialect),
        *_payment_rules(dialect),
        *_refund_rules(dialect),
        *_dispute_rules(dialect),
        _decision_rule(dialect),
    ]


# ------------------------------------------------------------------ tables


def _pledge_rules(dialect: Dialect) -> Iterator[Rule]:
    table, confirmed, held = "pledges_pledge", "{r}.state = 'confirmed'", "{r}.state IN ('pending', 'confirmed')"
    amounts = [
        Term(Kind.PLEDGED, "{r}.amount", COUNTS, "{r}.campaign_id"),
        Term(Kind.STOOD, "{r}.amount", STOOD, "{r}.campaign_id", "{r}.confirmed_at"),
    ]
    quantity = (
        "(SELECT COALESCE(SUM(i.quantity), 0) FROM pledges_pledgeitem i JOIN campaigns_reward w ON w.id = i.reward_id "
        "WHERE i.pledge_id = {r}.id AND w.kind = 'reward')"
    )
    units = [
        Term(Kind.UNITS, quantity, COUNTS, "{r}.campaign_id"),
        Term(Kind.UNITS_STOOD, quantity, STOOD, "{r}.campaign_id", "{r}.confirmed_at"),
    ]
    stood = ("state", "is_late", "confirmed_at", "ended_at")
    touched = "{r}.confirmed_at IS NOT NULL OR {r}.state = 'confirmed'"
    for event, rows in ROWS.items():
        row = rows[0][0]
        person = _person(dialect, f"{row}.campaign_id", f"{row}.backer_id")
        presale = PRESALE.format(campaign=f"{row}.campaign_id")
        yield _rule(dialect, "1_people", table, event, ("state", "is_late", "wall", "backer_id"), confirmed, person)
        yield _rule(dialect, "2_amounts", table, event, (*stood, "amount"), touched, [_sums(dialect, event, amounts)])
        yield _rule(dialect, "3_units", table, event, stood, touched, [_sums(dialect, event, units)], presale)
    # A pledge that is new has no items yet, and one that is deleted has none any more.
    crossed = f"({held.format(r='NEW')}) <> ({held.format(r='OLD')}) OR NEW.backer_id <> OLD.backer_id"
    promised = tuple(_promised(dialect, _rewards_of("NEW.id", "NEW")))
    yield Rule("tally_4_promised_update", table, "UPDATE", ("state", "backer_id"), crossed, promised)
    left = [*_person(dialect, "OLD.campaign_id", "OLD.backer_id"), *_promised(dialect, _rewards_of("OLD.id", "OLD"))]
    yield Rule("tally_5_left_update", table, "UPDATE", ("backer_id",), "NEW.backer_id <> OLD.backer_id", tuple(left))
    late = tuple(_crossing(dialect))
    yield Rule("tally_6_late_update", table, "UPDATE", ("is_late",), "NEW.is_late <> OLD.is_late", late)


def _crossing(dialect: Dialect) -> Iterator[str]:
    """What was paid and given back of a pledge leaves the sums once it is said to be late, and joins them otherwise."""
    sign = "(CASE WHEN NEW.is_late THEN -1 ELSE 1 END)"
    payments, of = "pledges_payment y", "y.pledge_id = NEW.id"
    refunds = f"{payments} JOIN pledges_refund x ON x.payment_id = y.id"
    disputes = f"{payments} JOIN pledges_dispute x ON x.payment_id = y.id"
    timed = dialect.quarter_of("y.paid_at")
    for kind, at, amount, rows, where in (
        (Kind.COLLECTED, dialect.whole, "y.amount", payments, "y.state = 'paid'"),
        (Kind.PAID, timed, "y.amount", payments, "y.state = 'paid' AND y.paid_at IS NOT NULL"),
        (Kind.REFUNDED, dialect.whole, "x.amount", refunds, GIVEN_BACK.format(r="x")),
        (Kind.LOST, dialect.whole, "x.amount", disputes, "x.state = 'lost'"),
    ):
        one = f"NEW.campaign_id, '{kind}', 0, {at}, {amount} * {sign}, 0, FALSE"
        yield f"{INTO}SELECT {one} FROM {rows} WHERE {of} AND {where}"


def _item_rules(dialect: Dialect) -> Iterator[Rule]:
    """Units under the lock of the person, whose pledge may be confirmed at the same moment."""
    table, columns = "pledges_pledgeitem", ("quantity", "reward_id", "pledge_id")
    of = _of_item("p.campaign_id", "{r}")
    is_reward = "EXISTS (SELECT 1 FROM campaigns_reward w WHERE w.id = {r}.reward_id AND w.kind = 'reward')"
    where = f"{is_reward} AND EXISTS (SELECT 1 FROM pledges_pledge p WHERE p.id = {{r}}.pledge_id AND "
    units = [
        Term(Kind.UNITS, "{r}.quantity", f"{where}{COUNTS.format(r='p')})", of),
        Term(Kind.UNITS_STOOD, "{r}.quantity", f"{where}{STOOD.format(r='p')})", of, _of_item("p.confirmed_at", "{r}")),
    ]
    for event, rows in ROWS.items():
        row = rows[0][0]
        lock = _lock(dialect, _of_item("p.campaign_id", row), _of_item("p.backer_id", row))
        presale = PRESALE.format(campaign=_of_item("p.campaign_id", row))
        yield _rule(dialect, "1_units", table, event, columns, "", [*lock, _sums(dialect, event, units)], presale)
        promised = [one for some, _sign in rows for one in _promised(dialect, _reward_of_item(some))]
        yield _rule(dialect, "2_promised", table, event, columns, "", promised)


def _payment_rules(dialect: Dialect) -> Iterator[Rule]:
    table, paid = "pledges_payment", "{r}.state = 'paid'"
    of = "(SELECT p.campaign_id FROM pledges_pledge p WHERE p.id = {r}.pledge_id)"
    timely = f"{paid} AND EXISTS (SELECT 1 FROM pledges_pledge p WHERE p.id = {{r}}.pledge_id AND NOT p.is_late)"
    terms = [
        Term(Kind.COLLECTED, "{r}.amount", timely, of),
        Term(Kind.PAID, "{r}.amount", f"{timely} AND {{r}}.paid_at IS NOT NULL", of, "{r}.paid_at"),
    ]
    for event, rows in ROWS.items():
        columns, refunded = ("state", "amount", "paid_at"), _has_refunds(f"{rows[0][0]}.pledge_id")
        yield _rule(dialect, "1_collected", table, event, columns, paid, [_sums(dialect, event, terms)])
        back = _of_pledge(dialect, f"{rows[0][0]}.pledge_id")
        yield _rule(dialect, "2_back", table, event, ("state", "amount"), "", back, refunded)


def _refund_rules(dialect: Dialect) -> Iterator[Rule]:
    where = f"{GIVEN_BACK} AND {_of_payment('NOT p.is_late', '{r}')}"
    terms = [Term(Kind.REFUNDED, "{r}.amount", where, _of_payment("p.campaign_id", "{r}"))]
    for event, rows in ROWS.items():
        moved = _of_pledge(dialect, _of_payment("p.id", rows[0][0]))
        columns, sums = ("state", "amount", "done_at"), _sums(dialect, event, terms)
        yield _rule(dialect, "1_refunded", "pledges_refund", event, columns, "", [*moved, sums])


def _dispute_rules(dialect: Dialect) -> Iterator[Rule]:
    table, lost = "pledges_dispute", "{r}.state = 'lost'"
    where = f"{lost} AND {_of_payment('NOT p.is_late', '{r}')}"
    terms = [Term(Kind.LOST, "{r}.amount", where, _of_payment("p.campaign_id", "{r}"))]
    for event, rows in ROWS.items():
        columns, pledge = ("state", "amount"), _of_payment("p.id", rows[0][0])
        yield _rule(dialect, "1_lost", table, event, columns, lost, [_sums(dialect, event, terms)])
        promised = [*_person_lock(dialect, pledge), *_promised(dialect, _rewards_of(pledge))]
        yield _rule(dialect, "2_back", table, event, columns, lost, promised, _has_refunds(pledge))


def _decision_rule(dialect: Dialect) -> Rule:
    """What had ended by the moment of the decision stood, or did not: that moment is set once, or taken back."""
    ended = (
        "p.campaign_id = NEW.id AND p.state <> 'confirmed' AND p.confirmed_at IS NOT NULL AND NOT p.is_late "
        "AND p.ended_at IS NOT NULL"
    )
    sign = (
        "((CASE WHEN p.ended_at >= NEW.decided_at THEN 1 ELSE 0 END) "
        "- (CASE WHEN p.ended_at >= OLD.decided_at THEN 1 ELSE 0 END))"
    )
    at = dialect.quarter_of("p.confirmed_at")
    amounts = f"SELECT NEW.id, '{Kind.STOOD}', 0, {at}, p.amount * {sign}, 0, FALSE FROM pledges_pledge p WHERE {ended}"
    units = (
        f"SELECT NEW.id, '{Kind.UNITS_STOOD}', 0, {at}, i.quantity * {sign}, 0, FALSE FROM pledges_pledge p "
        "JOIN pledges_pledgeitem i ON i.pledge_id = p.id JOIN campaigns_reward w ON w.id = i.reward_id "
        f"WHERE {ended} AND w.kind = 'reward' AND NEW.goal_unit = 'units'"
    )
    statements = tuple(f"{INTO}{one} AND {sign} <> 0" for one in (amounts, units))
    when = f"NEW.decided_at {dialect.differs} OLD.decided_at"
    return Rule("tally_1_decided_update", "campaigns_campaign", "UPDATE", ("decided_at",), when, statements)


# ------------------------------------------------------------------ statements


def _rule(
    dialect: Dialect,
    name: str,
    table: str,
    event: str,
    columns: tuple[str, ...],
    about: str,
    statements: list[str],
    guard: str = "",
) -> Rule:
    """`about` holds of NEW or OLD (`{r}`); an update besides changes one of the columns."""
    conditions = [f"({' OR '.join(f'({about.format(r=row)})' for row, _sign in ROWS[event])})"] if about else []
    if event == "UPDATE":
        changed = " OR ".join(f"NEW.{column} {dialect.differs} OLD.{column}" for column in columns)
        conditions.append(f"({changed})")
    when = " AND ".join(conditions)
    return Rule(f"tally_{name}_{event.lower()}", table, event, columns, when, tuple(statements), guard)


def _sums(dialect: Dialect, event: str, terms: list[Term]) -> str:
    """One row for each kind and moment whose sum the event changes."""
    parts = [
        f"SELECT {term.campaign} AS campaign_id, '{term.kind}' AS kind, {_moment(dialect, term)} AS at, "
        f"{'-' if sign < 0 else ''}{term.amount} AS amount WHERE {term.where}".replace("{r}", row)
        for term in terms
        for row, sign in ROWS[event]
    ]
    return (
        f"{INTO}SELECT t.campaign_id, t.kind, 0, t.at, SUM(t.amount), 0, FALSE FROM ({' UNION ALL '.join(parts)}) t "
        "GROUP BY t.campaign_id, t.kind, t.at HAVING SUM(t.amount) <> 0"
    )


def _moment(dialect: Dialect, term: Term) -> str:
    return dialect.quarter_of(term.at) if term.at else dialect.whole


def _person(dialect: Dialect, campaign: str, backer: str) -> list[str]:
    """Takes the person's lock, then asks the rows what is true of them and writes what changed."""
    of = f"pledges_tallyperson.campaign_id = {campaign} AND pledges_tallyperson.backer_id = {backer}"
    changed = " UNION ALL ".join(
        f"SELECT campaign_id, '{kind}', 0, {dialect.whole}, 0, CASE WHEN {column} THEN -1 ELSE 1 END, FALSE "
        f"FROM pledges_tallyperson WHERE {of} AND {column} <> {person_now(column)}"
        for column, (kind, _condition) in OF_PERSON.items()
    )
    now = ", ".join(f"{column} = {person_now(column)}" for column in OF_PERSON)
    return [
        *_lock(dialect, campaign, backer),
        f"{INTO}{changed}",
        f"UPDATE pledges_tallyperson SET {now} WHERE {of}",
    ]


def _lock(dialect: Dialect, campaign: str, backer: str) -> list[str]:
    made = (
        "INSERT INTO pledges_tallyperson (campaign_id, backer_id, counts, stands, shows) "
        f"SELECT {campaign}, {backer}, FALSE, FALSE, FALSE WHERE TRUE ON CONFLICT DO NOTHING"
    )
    of = f"campaign_id = {campaign} AND backer_id = {backer}"
    return [made, *_held(dialect, "pledges_tallyperson", of)]


def _held(dialect: Dialect, table: str, where: str) -> list[str]:
    return [dialect.lock.format(table=table, where=where)] if dialect.lock else []


def _promised(dialect: Dialect, concerned: str) -> list[str]:
    """`concerned` selects reward_id, backer_id and campaign_id."""
    of = (
        f"EXISTS (SELECT 1 FROM ({concerned}) s WHERE s.reward_id = pledges_tallyholder.reward_id "
        "AND s.backer_id = pledges_tallyholder.backer_id)"
    )
    return [
        "INSERT INTO pledges_tallyholder (reward_id, backer_id, holds) "
        f"SELECT s.reward_id, s.backer_id, FALSE FROM ({concerned}) s WHERE TRUE ORDER BY s.reward_id "
        "ON CONFLICT DO NOTHING",
        *_held(dialect, "pledges_tallyholder", of),
        f"{INTO}SELECT s.campaign_id, '{Kind.PROMISED}', s.reward_id, {dialect.whole}, 0, "
        f"CASE WHEN pledges_tallyholder.holds THEN -1 ELSE 1 END, FALSE FROM ({concerned}) s JOIN pledges_tallyholder "
        "ON pledges_tallyholder.reward_id = s.reward_id AND pledges_tallyholder.backer_id = s.backer_id "
        f"WHERE pledges_tallyholder.holds <> {HOLDS_NOW}",
        f"UPDATE pledges_tallyholder SET holds = NOT holds WHERE {of} AND holds <> {HOLDS_NOW}",
    ]


def _of_pledge(dialect: Dialect, pledge: str) -> list[str]:
    """Something was given back, or is to be: who stands on the wall, and to whom a reward is promised."""
    person = _person(dialect, _of_id("p.campaign_id", pledge), _of_id("p.backer_id", pledge))
    return [*person, *_promised(dialect, _rewards_of(pledge))]


def _person_lock(dialect: Dialect, pledge: str) -> list[str]:
    return _lock(dialect, _of_id("p.campaign_id", pledge), _of_id("p.backer_id", pledge))


# ------------------------------------------------------------------ where a row belongs


def _rewards_of(pledge: str, row: str = "") -> str:
    """Of all items of a pledge; its backer and campaign as `row` has them, where it is one."""
    backer, campaign = (f"{row}.backer_id", f"{row}.campaign_id") if row else ("q.backer_id", "q.campaign_id")
    return (
        f"SELECT DISTINCT j.reward_id AS reward_id, {backer} AS backer_id, {campaign} AS campaign_id "
        f"FROM pledges_pledge q JOIN pledges_pledgeitem j ON j.pledge_id = q.id WHERE q.id = {pledge}"
    )


def _reward_of_item(row: str) -> str:
    return (
        f"SELECT {row}.reward_id AS reward_id, q.backer_id AS backer_id, q.campaign_id AS campaign_id "
        f"FROM pledges_pledge q WHERE q.id = {row}.pledge_id"
    )


def _of_id(column: str, pledge: str) -> str:
    """A column of the pledge `p`."""
    return f"(SELECT {column} FROM pledges_pledge p WHERE p.id = {pledge})"


def _of_item(column: str, row: str) -> str:
    return _of_id(column, f"{row}.pledge_id")


def _of_payment(column: str, row: str) -> str:
    """A column of the pledge `p` of a refund or dispute."""
    return (
        f"(SELECT {column} FROM pledges_payment y JOIN pledges_pledge p ON p.id = y.pledge_id "
        f"WHERE y.id = {row}.payment_id)"
    )


def _has_refunds(pledge: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM pledges_payment y JOIN pledges_refund r ON r.payment_id = y.id "
        f"WHERE y.pledge_id = {pledge})"
    )
