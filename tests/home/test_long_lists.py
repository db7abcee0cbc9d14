"""Pages of a long list: every row once, both ways, whatever happens meanwhile; the same cost first and last."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from home.long_lists import part_of
from home.models import AuditEntry

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def entries(inside):
    """Seven, two at each moment."""
    made = AuditEntry.objects.bulk_create(
        AuditEntry(cooperative=inside, act="exported", at=START + timedelta(hours=n // 2)) for n in range(7)
    )
    return [one.pk for one in made][::-1]


def page(address="", size=3):
    request = RequestFactory().get(f"/admin/audit/{address}")
    return part_of(request, AuditEntry.objects.order_by("-at", "-pk"), size=size)


def keys(found):
    return [one.pk for one in found["rows"]]


def walked(way, address=""):
    seen = []
    while True:
        found = page(address)
        seen.append(keys(found))
        address = getattr(found["ways"], way)
        if not address:
            return seen


def test_every_row_once_forwards(entries):
    assert walked("next") == [entries[:3], entries[3:6], entries[6:]]


def test_every_row_once_backwards(entries):
    assert walked("previous", "?end=1") == [entries[4:], entries[1:4], entries[:3]]


def test_ends_lead_no_further(entries):
    first, last = page()["ways"], page("?end=1")["ways"]
    assert (first.first, first.previous, bool(first.next), first.last) == ("", "", True, "?end=1")
    assert (last.first, bool(last.previous), last.next, last.last) == ("/admin/audit/", True, "", "")


def test_what_else_was_asked_stays(entries):
    ways = page("?act=exported&p=4")["ways"]
    assert (ways.next, ways.last) == (f"?act=exported&after={entries[2]}", "?act=exported&end=1")


@pytest.mark.parametrize("address", ["?after=x", "?after=99999999", "?before=-1", f"?after={'9' * 30}", "?before=²"])
def test_an_address_that_names_no_row_shows_the_first_page(entries, address):
    assert keys(page(address)) == entries[:3]


def test_new_rows_move_nothing_on_the_next_page(entries, inside):
    after = page()["ways"].next
    AuditEntry.objects.bulk_create([AuditEntry(cooperative=inside, act="exported", at=START + timedelta(days=1))])
    assert keys(page(after)) == entries[3:6]


def test_a_row_of_another_cooperative_is_no_place(entries, outsider):
    from home.tenancy import within

    with within(outsider):
        AuditEntry.objects.bulk_create([AuditEntry(cooperative=outsider, act="exported", at=START)])
        theirs = AuditEntry.objects.get().pk
    assert keys(page(f"?after={theirs}")) == entries[:3]


def test_the_same_queries_wherever_the_page_is(entries):
    counts = set()
    for address in ("?end=1", f"?after={entries[2]}", f"?before={entries[5]}"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(address)
        counts.add(len(asked) - ("end" not in address))
    assert counts == {2}


def test_how_many_there_are_is_said_up_to_a_thousand(inside):
    AuditEntry.objects.bulk_create(AuditEntry(cooperative=inside, act="exported", at=START) for _one in range(1001))
    assert page()["ways"].said == "Plus de 1 000 dans cette liste".replace("1 000", "1\u00a0000")
