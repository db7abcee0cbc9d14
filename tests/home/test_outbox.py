"""A mail leaves once. What a refusal, a silence or a dead worker does to its row, against a real SMTP server."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from home import backing, clock, outbox
from home.mail import claims, holding
from home.mail.departures import Run
from home.mail.registry import kind_of
from home.models import MailState, OutgoingMail
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_cooperative
from tests.factories.pledges import make_pledge
from tests.home.far_end import free_port, provider_running
from tests.updates.making import make_update, notice_block, tell
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.sending import send_news

NONE = MissingLanguage.NONE


@pytest.fixture
def provider(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with provider_running(settings.EMAIL_PORT) as running:
        yield running


@pytest.fixture
def news(campaign):
    """News of one update, waiting to leave to these addresses."""

    def queue(*addresses):
        with within(campaign.cooperative):
            for address in addresses:
                tell(make_pledge(campaign, email=address).backer, campaign)
            send_news(make_update(campaign), by=None, missing_language=NONE)
            return list(OutgoingMail.objects.order_by("id"))

    return queue


@pytest.fixture
def service(campaign):
    """A delay, waiting to leave to these addresses."""

    def queue(*addresses):
        with within(campaign.cooperative):
            for address in addresses:
                make_pledge(campaign, email=address)
            update = make_update(campaign, notice_block([campaign.rewards.first()]))
            announce(update, by=None, missing_language=NONE)
            return list(OutgoingMail.objects.order_by("id"))

    return queue


def text_of(message):
    return message.get_body(("plain",)).get_content()


def states(cooperative):
    with within(cooperative):
        return list(OutgoingMail.objects.order_by("id").values_list("state", flat=True))


def only(cooperative):
    with within(cooperative):
        return OutgoingMail.objects.get()


def put(cooperative, **fields):
    with within(cooperative):
        OutgoingMail.objects.update(**fields)


def test_what_waits_leaves_once(news, provider, cooperative):
    news("a@x.example", "b@x.example")
    assert (outbox.send_due(), outbox.send_due()) == (2, 0)
    assert provider.addresses == ["a@x.example", "b@x.example"]
    assert states(cooperative) == [MailState.SENT, MailState.SENT]
    assert provider.connections == 1


def test_a_mail_is_written_once_for_its_reader_and_occasion(cooperative, campaign, inside):
    backer = make_pledge(campaign).backer
    for occasion in ("", "", "day 2"):
        fields = {"cooperative": cooperative, "subject_key": "x:1", "to": backer, "occasion": occasion}
        outbox.queue(kind_of("delay_announced"), **fields)
    assert list(OutgoingMail.objects.values_list("occasion", flat=True)) == ["", "day 2"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_nudged_before_the_commit():
    campaign = make_campaign(make_cooperative())
    backer = make_pledge(campaign).backer
    before = DBTaskResult.objects.filter(task_path__endswith="send_mails").count()
    with within(campaign.cooperative), transaction.atomic():
        outbox.queue(kind_of("delay_announced"), cooperative=campaign.cooperative, subject_key="x:1", to=backer)
        assert DBTaskResult.objects.filter(task_path__endswith="send_mails").count() == before
    assert DBTaskResult.objects.filter(task_path__endswith="send_mails").count() == before + 1


def test_the_headers_arrive_as_they_left(news, provider):
    mail = news("a@x.example")[0]
    outbox.send_due()
    message = provider.taken[0]
    assert message["Message-ID"] == mail.message_id
    assert message["List-Unsubscribe"].strip().startswith("<http://meule.localhost/fr/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_two_cooperatives_write_under_their_own_names(news, provider, outsider):
    news("a@x.example")
    theirs = make_campaign(outsider)
    with within(outsider):
        tell(make_pledge(theirs, email="b@x.example").backer, theirs)
        send_news(make_update(theirs), by=None, missing_language=NONE)
    outbox.send_due()
    found = [(m["To"], m["From"], "http://large.localhost" in text_of(m)) for m in provider.taken]
    assert found == [
        ("a@x.example", "La Meule commune <nouvelles@meule.example>", False),
        ("b@x.example", "Le Large <nouvelles@large.example>", True),
    ]


def test_someone_who_unsubscribed_meanwhile_gets_nothing(news, provider, cooperative, campaign):
    mails = news("a@x.example", "b@x.example", "c@x.example")
    with within(cooperative):
        backing.withdraw_news(mails[0].backer, campaign.translation_key)
        backing.suppress(cooperative, "b@x.example", backing.COMPLAINED)
    outbox.send_due()
    assert provider.addresses == ["c@x.example"]
    assert states(cooperative) == [MailState.SUPPRESSED, MailState.SUPPRESSED, MailState.SENT]


def test_service_mail_reaches_those_who_complained(service, provider, cooperative):
    service("a@x.example")
    with within(cooperative):
        backing.suppress(cooperative, "a@x.example", backing.COMPLAINED)
    outbox.send_due()
    assert (provider.addresses, states(cooperative)) == (["a@x.example"], [MailState.SENT])


def test_refused_for_now_it_is_tried_again_later(news, provider, cooperative):
    news("a@x.example")
    provider.answers = ["451 try later", "451 try later"]
    outbox.send_due()
    assert (states(cooperative), only(cooperative).attempts, outbox.has_work()) == ([MailState.QUEUED], 1, False)
    assert outbox.send_due() == 0
    with time_machine.travel(clock.now() + timedelta(seconds=16)):
        assert outbox.has_work()
        outbox.send_due()
    assert only(cooperative).attempts == 2
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        outbox.send_due()
    assert (provider.addresses, states(cooperative)) == (["a@x.example"], [MailState.SENT])


def test_refused_for_good_it_stays_visible(news, provider, cooperative):
    news("gone@x.example", "full@x.example", "fine@x.example")
    provider.refused_addresses = {"gone@x.example": 550, "full@x.example": 452}
    outbox.send_due()
    assert (provider.addresses, states(cooperative)) == (
        ["fine@x.example"],
        [MailState.FAILED, MailState.QUEUED, MailState.SENT],
    )
    with within(cooperative):
        assert "550" in OutgoingMail.objects.order_by("id").first().last_error


def test_a_message_refused_for_good(service, provider, cooperative):
    service("a@x.example")
    provider.answers = ["554 no spam here"]
    outbox.send_due()
    assert (states(cooperative), outbox.has_work()) == ([MailState.FAILED], False)


def test_trying_ends_after_about_a_day(news, provider, cooperative):
    news("a@x.example")
    put(cooperative, attempts=claims.MAX_ATTEMPTS - 1)
    provider.answers = ["451 try later"]
    outbox.send_due()
    assert states(cooperative) == [MailState.FAILED]


def test_news_is_in_doubt_when_the_provider_vanishes(news, provider, cooperative):
    news("a@x.example", "b@x.example", "c@x.example")
    provider.answers = ["take and vanish"]
    assert outbox.send_due() == 1
    assert states(cooperative) == [MailState.IN_DOUBT, MailState.QUEUED, MailState.QUEUED]
    outbox.send_due()
    assert provider.addresses == ["a@x.example", "b@x.example", "c@x.example"]
    assert states(cooperative) == [MailState.IN_DOUBT, MailState.SENT, MailState.SENT]


def test_service_mail_leaves_again_with_the_same_message_id(service, provider, cooperative):
    service("a@x.example")
    provider.answers = ["take and vanish"]
    outbox.send_due()
    assert states(cooperative) == [MailState.QUEUED]
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        outbox.send_due()
    assert states(cooperative) == [MailState.SENT]
    assert len({message["Message-ID"] for message in provider.taken}) == 1
    assert len(provider.taken) == 2


def test_a_person_must_look_when_doubts_pile_up(service, provider, cooperative):
    service("a@x.example")
    put(cooperative, attempts=claims.MAX_DOUBTS - 1)
    provider.answers = ["vanish"]
    outbox.send_due()
    assert states(cooperative) == [MailState.IN_DOUBT]


def test_no_provider_costs_no_attempt(news, settings, cooperative):
    news("a@x.example", "b@x.example")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert outbox.send_due() == 0
    with within(cooperative):
        found = list(OutgoingMail.objects.values_list("state", "attempts", "lease_token"))
    assert found == [(MailState.QUEUED, 0, None)] * 2
    with provider_running(settings.EMAIL_PORT) as provider:
        assert outbox.send_due() == 2
    assert len(provider.taken) == 2


def dead_worker(cooperative, state, *, lease_until):
    put(cooperative, state=state, lease_token=uuid.uuid4(), lease_until=lease_until, attempts=1)


def test_a_worker_that_died_before_leaving_loses_nothing(news, provider, cooperative):
    news("a@x.example")
    dead_worker(cooperative, MailState.QUEUED, lease_until=timezone.now() + timedelta(seconds=60))
    assert (outbox.send_due(), outbox.has_work()) == (0, False)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert (outbox.has_work(), outbox.send_due()) == (True, 1)
    assert provider.addresses == ["a@x.example"]


def test_news_that_was_leaving_at_a_crash_is_in_doubt(news, provider, cooperative):
    news("a@x.example")
    dead_worker(cooperative, MailState.LEAVING, lease_until=timezone.now() - timedelta(seconds=1))
    assert outbox.has_work()
    outbox.send_due()
    assert (provider.taken, states(cooperative), outbox.has_work()) == ([], [MailState.IN_DOUBT], False)


def test_service_mail_that_was_leaving_at_a_crash_leaves_again(service, provider, cooperative):
    mail = service("a@x.example")[0]
    dead_worker(cooperative, MailState.LEAVING, lease_until=timezone.now() - timedelta(seconds=1))
    outbox.send_due()
    assert [message["Message-ID"] for message in provider.taken] == [mail.message_id]
    assert states(cooperative) == [MailState.SENT]


def test_a_mail_another_worker_has_is_left_alone(service, provider, cooperative):
    service("a@x.example")
    dead_worker(cooperative, MailState.LEAVING, lease_until=timezone.now() + timedelta(seconds=60))
    assert (outbox.send_due(), provider.taken, states(cooperative)) == (0, [], [MailState.LEAVING])


def test_a_worker_that_lost_its_lease_sends_nothing(service, provider, cooperative):
    service("a@x.example")
    claimed = claims.claim()
    put(cooperative, lease_token=uuid.uuid4())
    assert Run().send(claimed) == 1
    assert (provider.taken, states(cooperative)) == ([], [MailState.QUEUED])


def test_the_products_clock_set_forward_frees_no_lease(service, provider, cooperative, settings, tmp_path):
    service("a@x.example")
    dead_worker(cooperative, MailState.LEAVING, lease_until=timezone.now() + timedelta(seconds=60))
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.advance(timedelta(days=40))
    outbox.send_due()
    assert (provider.taken, states(cooperative)) == ([], [MailState.LEAVING])


def test_one_mail_that_cannot_be_composed_holds_up_no_other(news, service, provider, cooperative):
    news("a@x.example", "b@x.example")
    with within(cooperative):
        OutgoingMail.objects.filter(address="a@x.example").update(subject_key="update:0")
    outbox.send_due()
    assert provider.addresses == ["b@x.example"]
    for hours in (1, 3):
        with time_machine.travel(clock.now() + timedelta(hours=hours)):
            outbox.send_due()
    assert states(cooperative) == [MailState.FAILED, MailState.SENT]


def test_a_held_mail_waits(news, provider, cooperative):
    news("a@x.example")
    put(cooperative, state=MailState.HELD)
    assert (outbox.has_work(), outbox.send_due(), provider.taken) == (False, 0, [])


def called_workers():
    return DBTaskResult.objects.filter(task_path__endswith="send_mails").count()


def test_a_worker_with_more_than_it_claims_calls_one_other(news, provider, cooperative, monkeypatch):
    news(*[f"{number}@x.example" for number in range(5)])
    monkeypatch.setattr(claims, "CLAIM_SIZE", 2)
    before = called_workers()
    assert (outbox.send_due(), called_workers() - before) == (5, 1)
    assert states(cooperative) == [MailState.SENT] * 5


def test_a_worker_with_little_calls_nobody(news, provider):
    news("a@x.example")
    before = called_workers()
    assert (outbox.send_due(), called_workers() - before) == (1, 0)


def leave(mails):
    return claims.turn([], mails)


def test_what_was_taken_and_what_follows_is_one_statement(news, cooperative, django_assert_num_queries):
    news("a@x.example", "b@x.example", "c@x.example", "d@x.example")
    one, two, three, four = claims.claim()
    assert leave([one, two, three]) == {one.pk, two.pk, three.pk}
    with django_assert_num_queries(1):
        assert claims.turn([(one, "first"), (two, "second")], [four]) == {four.pk}
    with within(cooperative):
        rows = list(OutgoingMail.objects.order_by("id"))
    sent, leaving = MailState.SENT, MailState.LEAVING
    assert [(row.state, row.provider_id, row.attempts) for row in rows] == [
        (sent, "first", 1),
        (sent, "second", 1),
        (leaving, "", 1),
        (leaving, "", 1),
    ]
    assert [row.lease_token for row in rows] == [None, None, one.lease_token, one.lease_token]
    assert [row.sent_at is None for row in rows] == [False, False, True, True]


def test_nothing_turns_whose_lease_is_lost_or_whose_batch_is_stopped(news, cooperative):
    news("a@x.example", "b@x.example", "c@x.example")
    one, two, three = claims.claim()
    leave([one])
    with within(cooperative):
        OutgoingMail.objects.filter(pk__in=[one.pk, two.pk]).update(lease_token=uuid.uuid4())
        holding.hold(cooperative, three.batch)
    assert claims.turn([(one, "late")], [two, three]) == set()
    with within(cooperative):
        assert list(OutgoingMail.objects.order_by("id").values_list("state", "provider_id")) == [
            (MailState.LEAVING, ""),
            (MailState.HELD, ""),
            (MailState.HELD, ""),
        ]


@pytest.mark.parametrize("count", [1, 3])
def test_claiming_asks_the_same_whatever_waits(news, count, django_assert_num_queries):
    news(*[f"{number}@x.example" for number in range(count)])
    with django_assert_num_queries(5):
        assert len(claims.claim()) == count
