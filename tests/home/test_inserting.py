"""New rows in one statement: as a saved row is, once where that is asked for, and refused where it is not."""

import uuid
from contextlib import ExitStack
from datetime import date

import pytest
from django.db import IntegrityError
from django_tasks_db.models import DBTaskResult

from home import clock, outbox
from home.inserting import insert, insert_all, insert_new, insert_once, insert_taking
from home.mail.registry import kind_of
from home.models import Backer, NewsConsent, OutgoingMail
from tests.factories.pledges import make_backer


def backer_of(cooperative, key="camille@example.com"):
    return Backer(cooperative=cooperative, email=key, email_key=key, name="Camille", created_at=clock.now())


def test_a_row_is_as_one_that_was_saved(cooperative, inside, django_assert_num_queries):
    row = backer_of(cooperative)
    with django_assert_num_queries(1):
        insert(row)
    assert not row._state.adding
    found = Backer.objects.get(pk=row.pk)
    assert [getattr(found, field.attname) for field in Backer._meta.concrete_fields] == [
        getattr(row, field.attname) for field in Backer._meta.concrete_fields
    ]


def test_the_second_of_two_is_refused_or_not_written(cooperative, inside, django_assert_num_queries):
    insert(backer_of(cooperative))
    with django_assert_num_queries(1):
        second = backer_of(cooperative)
        assert insert_once(second) is False
    assert second.pk is None
    assert insert_once(backer_of(cooperative, "autre@example.com")) is True
    with pytest.raises(IntegrityError):
        insert(backer_of(cooperative))


def test_what_may_stand_twice_at_different_times_is_written_again(cooperative, inside):
    """A yes to news is unique while it stands."""
    backer, topic = make_backer(cooperative), uuid.uuid4()

    def yes():
        return NewsConsent(
            cooperative=cooperative, backer=backer, topic=topic, text="Oui.", language="fr", granted_at=clock.now()
        )

    assert [insert_once(yes()), insert_once(yes())] == [True, False]
    NewsConsent.objects.update(withdrawn_at=clock.now())
    assert insert_once(yes()) is True


def test_some_rows_are_one_statement(cooperative, inside, django_assert_num_queries):
    keys = ["a@example.com", "b@example.com", "c@example.com"]
    with django_assert_num_queries(1):
        insert_all([backer_of(cooperative, key) for key in keys])
    with django_assert_num_queries(0):
        insert_all([])
    assert list(Backer.objects.order_by("pk").values_list("email_key", flat=True)) == keys
    with pytest.raises(IntegrityError):
        insert_all([backer_of(cooperative, "d@example.com"), backer_of(cooperative, "a@example.com")])


def test_of_some_rows_those_that_are_new_are_written_and_told_their_ids(cooperative, inside, django_assert_num_queries):
    insert(backer_of(cooperative, "b@example.com"))
    rows = [backer_of(cooperative, key) for key in ("a@example.com", "b@example.com", "c@example.com")]
    with django_assert_num_queries(1):
        written = insert_new(rows, "email_key")
    assert written == [rows[0], rows[2]]
    assert rows[1].pk is None
    assert [Backer.objects.get(email_key=row.email_key).pk for row in written] == [row.pk for row in written]
    assert insert_new([], "email_key") == []


def test_a_row_takes_what_another_has_at_this_moment(cooperative, inside, django_assert_num_queries):
    backer = make_backer(cooperative, email="before@example.com", language="fr")
    Backer.objects.update(email="after@example.com", language="en")

    def mail(occasion):
        kind = kind_of("contribution_link")
        return outbox.mail_for(kind, cooperative=cooperative, subject_key="a", occasion=occasion, to=backer)

    first = mail("1")
    with django_assert_num_queries(1):
        assert insert_taking(first, backer, address="email", language="language") is True
    found = OutgoingMail.objects.get()
    assert (found.pk, found.address, found.language) == (first.pk, "after@example.com", "en")
    own = {one.attname: getattr(first, one.attname) for one in OutgoingMail._meta.concrete_fields}
    assert {name: getattr(found, name) for name in own} == own | {"address": "after@example.com", "language": "en"}
    assert insert_taking(mail("1"), backer, address="email", language="language") is False
    Backer.objects.update(email="")
    assert insert_taking(mail("2"), backer, address="email", language="language") is False
    assert OutgoingMail.objects.count() == 1


def test_many_transactions_within_nudge_one_worker_once(cooperative, inside, django_capture_on_commit_callbacks):
    nudges = DBTaskResult.objects.filter(task_path="home.tasks.send_mails")
    backer = make_backer(cooperative)
    until = ExitStack()
    until.enter_context(outbox.nudged_once())
    for day in (1, 2, 3):
        with django_capture_on_commit_callbacks(execute=True):
            outbox.queue(
                kind_of("contribution_link"),
                cooperative=cooperative,
                subject_key="campaign:1",
                occasion=str(date(2026, 11, day)),
                to=backer,
            )
    assert nudges.count() == 0
    with django_capture_on_commit_callbacks(execute=True):
        until.close()
    assert (OutgoingMail.objects.count(), nudges.count()) == (3, 1)
