"""The changes that were tallied, folded into one row of each sum, so that a sum is of a few rows.

Contributions write rows of their own and never wait for this. A row that is not committed yet is folded the next time.
What is taken away and what is added are one statement (PostgreSQL) or one transaction of the only writer (SQLite): who
reads meanwhile sees either, and a process that dies has folded all or nothing.
"""

from django.db import connection, transaction

#: Rows that are folded at a time.
MOST = 100_000

SUMMED = "campaign_id, kind, key, at, SUM(amount), SUM(people), TRUE"
ADDED = """ON CONFLICT (campaign_id, kind, key, at) WHERE is_sum DO UPDATE
    SET amount = pledges_tally.amount + excluded.amount, people = pledges_tally.people + excluded.people"""
INTO = "INSERT INTO pledges_tally (campaign_id, kind, key, at, amount, people, is_sum)"

#: Sums in one order, so that two who fold at once never wait for each other.
POSTGRESQL = f"""WITH chosen AS (
        SELECT id FROM pledges_tally WHERE NOT is_sum ORDER BY id LIMIT {MOST} FOR UPDATE SKIP LOCKED
    ), taken AS (
        DELETE FROM pledges_tally WHERE id IN (SELECT id FROM chosen)
        RETURNING campaign_id, kind, key, at, amount, people
    )
    {INTO} SELECT {SUMMED} FROM taken GROUP BY campaign_id, kind, key, at ORDER BY campaign_id, kind, key, at {ADDED}"""

SQLITE = (
    f"{INTO} SELECT {SUMMED} FROM pledges_tally WHERE NOT is_sum GROUP BY campaign_id, kind, key, at {ADDED}",
    "DELETE FROM pledges_tally WHERE NOT is_sum",
)


def fold() -> None:
    """Of every cooperative, as many rows as are folded at a time."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (POSTGRESQL,) if connection.vendor == "postgresql" else SQLITE:
            cursor.execute(statement)
