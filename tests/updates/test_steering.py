"""A mailing is scheduled, paused, resumed and cancelled, in any order and twice; what is leaving leaves."""

import itertools
from datetime import timedelta

import pytest
import time_machine

from home import backing, clock, outbox
from home.mail import claims, holding
from home.mail.departures import Run
from home.models import BatchStop, HeldFor, MailState, OutgoingMail
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.home.far_end import free_port, provider_running
from tests.updates.making import make_update, notice_block, tell
from updates import sending
from updates.announcing import announce
from updates.audience import Why, audience_of
from updates.enums import Act, MailingKind, MailingState, MissingLanguage, PauseReason
from updates.models import MailingAct
from updates.sending import Refusal, SendingRefused, send_news

pytestmark = pytest.mark.usefixtures("inside")

NONE = MissingLanguage.NONE


@pytest.fixture
def provider(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with provider_running(settings.EMAIL_PORT) as running:
        yield running


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative)


@pytest.fixture
def news(campaign, editor):
    """News to three readers, frozen."""
    for name in "abc":
        tell(make_pledge(campaign, email=f"{name}@x.example").backer, campaign)
    return send_news(make_update(campaign), by=editor, missing_language=NONE)


@pytest.fixture
def delay(campaign, editor):
    for name in "abc":
        make_pledge(campaign, email=f"{name}@x.example")
    update = make_update(campaign, notice_block([campaign.rewards.first()]))
    return announce(update, by=editor, missing_language=NONE)


def states(mailing):
    return list(OutgoingMail.objects.filter(batch=mailing.key).order_by("id").values_list("state", flat=True))


def put(mailing, address, **fields):
    OutgoingMail.objects.filter(batch=mailing.key, address=address).update(**fields)


def state_of(mailing):
    mailing.refresh_from_db()
    return mailing.state


def test_paused_nothing_leaves_and_resumed_all_of_it(news, editor, provider):
    assert sending.pause(news, by=editor)
    assert (states(news), state_of(news)) == ([MailState.HELD] * 3, MailingState.PAUSED)
    assert set(OutgoingMail.objects.values_list("held_for", flat=True)) == {HeldFor.DECISION}
    assert (outbox.has_work(), outbox.send_due(), provider.taken) == (False, 0, [])
    assert (news.paused_by, news.pause_reason, news.paused_at is not None) == (editor, PauseReason.PERSON, True)
    assert sending.resume(news, by=editor)
    assert (outbox.send_due(), len(provider.taken), state_of(news)) == (3, 3, MailingState.SENDING)
    assert set(OutgoingMail.objects.values_list("held_for", flat=True)) == {HeldFor.NOTHING}
    acts = list(MailingAct.objects.values_list("act", "by"))
    assert acts == [(Act.PAUSED, editor.pk), (Act.RESUMED, editor.pk)]


def test_each_act_twice_is_the_same_as_once(news, editor):
    assert (sending.pause(news, by=editor), sending.pause(news, by=editor)) == (True, False)
    assert (sending.resume(news, by=editor), sending.resume(news, by=editor)) == (True, False)
    assert (sending.cancel(news, by=editor), sending.cancel(news, by=editor)) == (3, 0)
    assert MailingAct.objects.count() == 3


@pytest.mark.parametrize("acts", list(itertools.permutations(["pause", "resume", "cancel"])))
def test_in_any_order(news, editor, provider, acts):
    """Once cancelled it stays cancelled."""
    for act in acts:
        getattr(sending, act)(news, by=editor)
    assert (states(news), state_of(news)) == ([MailState.CANCELLED] * 3, MailingState.CANCELLED)
    assert (news.cancelled_by, outbox.send_due(), provider.taken) == (editor, 0, [])


def test_what_had_left_is_not_cancelled(news, editor):
    put(news, "a@x.example", state=MailState.SENT)
    assert sending.cancel(news, by=editor) == 2
    assert states(news) == [MailState.SENT, MailState.CANCELLED, MailState.CANCELLED]


def test_with_nothing_left_to_cancel_it_is_done(news, editor):
    OutgoingMail.objects.filter(batch=news.key).update(state=MailState.SENT)
    assert (sending.cancel(news, by=editor), state_of(news)) == (0, MailingState.DONE)


def test_a_mail_claimed_when_its_mailing_was_paused_does_not_leave(news, editor, provider):
    claimed = claims.claim()
    sending.pause(news, by=editor)
    Run().send(claimed)
    assert (provider.taken, states(news)) == ([], [MailState.HELD] * 3)


@pytest.mark.parametrize(("act", "ends_as"), [("pause", MailState.HELD), ("cancel", MailState.CANCELLED)])
def test_a_mail_that_comes_back_after_the_act_does_not_leave(news, editor, provider, act, ends_as):
    put(news, "a@x.example", state=MailState.LEAVING)
    getattr(sending, act)(news, by=editor)
    put(news, "a@x.example", state=MailState.QUEUED)
    assert (outbox.has_work(), outbox.send_due(), provider.taken) == (False, 0, [])
    assert (holding.sweep(), states(news)[0]) == (1, ends_as)
    assert holding.sweep() == 0


def test_a_stopped_mailing_stops_no_other(news, campaign, editor, provider):
    sending.pause(news, by=editor)
    other = send_news(make_update(campaign, title="Autre"), by=editor, missing_language=NONE)
    outbox.send_due()
    assert (states(other), states(news)) == ([MailState.SENT] * 3, [MailState.HELD] * 3)


def test_a_delay_may_be_paused_but_not_cancelled(delay, editor, provider):
    with pytest.raises(SendingRefused) as refused:
        sending.cancel(delay, by=editor)
    assert (refused.value.refusal, states(delay), BatchStop.objects.count()) == (
        Refusal.OWED,
        [MailState.QUEUED] * 3,
        0,
    )
    assert sending.pause(delay, by=editor)
    assert sending.resume(delay, by=editor)
    assert outbox.send_due() == 3


def test_at_a_time_it_leaves_then(campaign, editor, provider):
    backer = make_pledge(campaign, email="a@x.example").backer
    tell(backer, campaign)
    moment = clock.now() + timedelta(hours=5)
    mailing = send_news(make_update(campaign), by=editor, missing_language=NONE, send_at=moment)
    tell(make_pledge(campaign, email="later@x.example").backer, campaign)
    assert (outbox.has_work(), outbox.send_due(), mailing.is_to_come) == (False, 0, True)
    with time_machine.travel(moment + timedelta(seconds=1)):
        outbox.send_due()
        assert (provider.addresses, mailing.is_to_come) == (["a@x.example"], False), "the audience was frozen"


@pytest.mark.parametrize(
    ("moment", "refusal"), [(-timedelta(minutes=1), Refusal.TIME_PAST), (timedelta(days=366), Refusal.TIME_FAR)]
)
def test_a_moment_that_cannot_be(campaign, moment, refusal):
    tell(make_pledge(campaign).backer, campaign)
    with pytest.raises(SendingRefused) as refused:
        send_news(make_update(campaign), by=None, missing_language=NONE, send_at=clock.now() + moment)
    assert (refused.value.refusal, OutgoingMail.objects.count()) == (refusal, 0)


def test_the_moment_changes_until_it_comes(campaign, editor, provider):
    tell(make_pledge(campaign, email="a@x.example").backer, campaign)
    first, second = clock.now() + timedelta(hours=5), clock.now() + timedelta(hours=2)
    mailing = send_news(make_update(campaign), by=editor, missing_language=NONE, send_at=first)
    sending.reschedule(mailing, by=editor, send_at=second)
    with time_machine.travel(second + timedelta(minutes=1)):
        with pytest.raises(SendingRefused) as refused:
            sending.reschedule(mailing, by=editor, send_at=first)
        assert (refused.value.refusal, outbox.send_due()) == (Refusal.STARTED, 1)


def test_a_moment_becomes_now(campaign, editor, provider):
    tell(make_pledge(campaign, email="a@x.example").backer, campaign)
    moment = clock.now() + timedelta(hours=5)
    mailing = send_news(make_update(campaign), by=editor, missing_language=NONE, send_at=moment)
    sending.reschedule(mailing, by=editor, send_at=None)
    assert (outbox.send_due(), MailingAct.objects.get().act) == (1, Act.RESCHEDULED)


def test_a_cancelled_mailing_takes_no_other_moment(news, editor):
    sending.cancel(news, by=editor)
    with pytest.raises(SendingRefused) as refused:
        sending.reschedule(news, by=editor, send_at=None)
    assert refused.value.refusal == Refusal.ENDED


def test_paused_before_its_moment_it_waits_beyond_it(campaign, editor, provider):
    tell(make_pledge(campaign, email="a@x.example").backer, campaign)
    moment = clock.now() + timedelta(hours=5)
    mailing = send_news(make_update(campaign), by=editor, missing_language=NONE, send_at=moment)
    sending.pause(mailing, by=editor)
    with time_machine.travel(moment + timedelta(hours=1)):
        assert outbox.send_due() == 0
        sending.resume(mailing, by=editor)
        assert outbox.send_due() == 1


@pytest.mark.parametrize(("left", "ends_as"), [(True, MailState.SENT), (False, MailState.QUEUED)])
def test_a_mail_in_doubt_is_settled_once(news, editor, left, ends_as):
    OutgoingMail.objects.filter(batch=news.key).update(state=MailState.SENT)
    put(news, "a@x.example", state=MailState.IN_DOUBT, attempts=5)
    assert (sending.finish_all(), state_of(news)) == (1, MailingState.DONE)
    mail = OutgoingMail.objects.get(address="a@x.example", batch=news.key)
    assert sending.settle_doubt(news, mail, left=left, by=editor)
    assert not sending.settle_doubt(news, mail, left=not left, by=editor)
    assert states(news)[0] == ends_as
    assert state_of(news) == (MailingState.DONE if left else MailingState.SENDING)
    assert MailingAct.objects.get().detail == str(mail.pk)


def test_nothing_leaves_again_once_cancelled(news, editor):
    put(news, "a@x.example", state=MailState.IN_DOUBT)
    sending.cancel(news, by=editor)
    mail = OutgoingMail.objects.get(address="a@x.example", batch=news.key)
    assert not sending.settle_doubt(news, mail, left=False, by=editor)
    assert sending.settle_doubt(news, mail, left=True, by=editor)


def test_a_mail_of_another_mailing_is_not_settled_here(news, campaign, editor):
    other = send_news(make_update(campaign, title="Autre"), by=editor, missing_language=NONE)
    put(other, "a@x.example", state=MailState.IN_DOUBT)
    mail = OutgoingMail.objects.get(address="a@x.example", batch=other.key)
    assert not sending.settle_doubt(news, mail, left=True, by=editor)


def test_who_is_erased_while_held_gets_nothing(news, editor, provider):
    sending.pause(news, by=editor)
    backer = OutgoingMail.objects.get(address="a@x.example", batch=news.key).backer
    outbox.forget_reader(backer)
    sending.resume(news, by=editor)
    outbox.send_due()
    assert (provider.addresses, states(news)[0]) == (["b@x.example", "c@x.example"], MailState.CANCELLED)


def test_who_unsubscribes_during_a_pause_gets_nothing(news, campaign, editor, provider):
    sending.pause(news, by=editor)
    backing.withdraw_news(OutgoingMail.objects.get(address="a@x.example").backer, campaign.translation_key)
    sending.resume(news, by=editor)
    outbox.send_due()
    assert (provider.addresses, states(news)[0]) == (["b@x.example", "c@x.example"], MailState.SUPPRESSED)


def test_the_team_is_told_once_that_it_is_done(news, editor):
    OutgoingMail.objects.filter(batch=news.key).update(state=MailState.SENT)
    put(news, "a@x.example", state=MailState.IN_DOUBT)
    sending.finish_all()
    mail = OutgoingMail.objects.get(batch=news.key, address="a@x.example")
    sending.settle_doubt(news, mail, left=False, by=editor)
    put(news, "a@x.example", state=MailState.SENT)
    assert sending.finish_all() == 1
    told = OutgoingMail.objects.filter(kind="mailing_finished")
    assert list(told.values_list("address", "subject_key")) == [(editor.email, news.key)]


def test_who_is_erased_while_in_doubt_is_not_written_to_and_stands_in_nobodys_way(news, editor, provider):
    put(news, "a@x.example", state=MailState.IN_DOUBT)
    mail = OutgoingMail.objects.get(address="a@x.example", batch=news.key)
    outbox.forget_reader(mail.backer)
    assert sending.settle_doubt(news, OutgoingMail.objects.get(pk=mail.pk), left=False, by=editor)
    outbox.send_due()
    assert (provider.addresses, states(news)) == (
        ["b@x.example", "c@x.example"],
        [MailState.SUPPRESSED, MailState.SENT, MailState.SENT],
    )


def test_a_mail_that_lacks_what_it_is_about_keeps_none_behind_it(news, provider):
    """As an older version may have left it in the queue."""
    put(news, "a@x.example", facts={})
    outbox.send_due()
    assert (provider.addresses, states(news)) == (
        ["b@x.example", "c@x.example"],
        [MailState.QUEUED, MailState.SENT, MailState.SENT],
    )
    assert OutgoingMail.objects.get(address="a@x.example", batch=news.key).attempts == 1


def test_what_was_cancelled_may_be_sent_after_all_and_to_nobody_twice(news, campaign, editor, provider):
    """As where a mistake was seen in time."""
    for letter, state in (("a", MailState.SENT), ("b", MailState.IN_DOUBT)):
        put(news, f"{letter}@x.example", state=state)
    sending.cancel(news, by=editor)
    found = audience_of(news.update, MailingKind.NEWS, [])
    assert (found.total, found.left_out) == (1, {Why.TOLD: 2})
    again = send_news(news.update, by=editor, missing_language=NONE)
    outbox.send_due()
    assert (provider.addresses, states(again)) == (["c@x.example"], [MailState.SENT])
    assert states(news) == [MailState.SENT, MailState.IN_DOUBT, MailState.CANCELLED]
    with pytest.raises(SendingRefused, match="no_one"):
        send_news(news.update, by=editor, missing_language=NONE)
