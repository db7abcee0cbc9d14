"""New rows in one statement: as a saved row is, once where that is asked for, and refused where it is not."""

import uuid
from contextlib import ExitStack
from datetime import date

import pytest
from django.db import IntegrityError
from django_tasks_db.models import DBTaskResult

from home import clock, outbox
from home.inserting import change_where, insert, insert_once
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


def test_a_row_is_changed_while_it_is_as_expected(cooperative, outsider, inside, django_assert_num_queries):
    row, other = make_backer(cooperative), make_backer(cooperative, email="autre@example.com")
    with django_assert_num_queries(1):
        assert change_where(row, {"stripe_customer": ""}, stripe_customer="cus_1", name="Rosalie") is True
    assert change_where(row, {"stripe_customer": ""}, stripe_customer="cus_2") is False
    found = Backer.objects.in_bulk([row.pk, other.pk])
    assert (found[row.pk].stripe_customer, found[row.pk].name) == ("cus_1", "Rosalie")
    assert (found[other.pk].stripe_customer, row.stripe_customer) == ("", "")
    row.cooperative = outsider
    assert change_where(row, {}, name="Personne") is False


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
