"""Readers whose text is missing wait for it, visibly, and get it once when it is online."""

import pytest

from home import outbox
from home.models import HeldFor, MailState, OutgoingMail
from home.tenancy import within
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.home.far_end import free_port, provider_running
from tests.updates.making import (
    NEXT_EN,
    REASON_EN,
    REASON_FR,
    leave_english_alone,
    make_update_page,
    notice_block,
    tell,
    translate_update,
)
from updates import sending, waiting
from updates.announcing import announce
from updates.enums import Act, MailingState, MissingLanguage
from updates.figures import figures_of
from updates.models import DelayNotice, MailingAct, Update, UpdatePage
from updates.sending import Refusal, SendingRefused, send_news

pytestmark = pytest.mark.usefixtures("inside")

WAIT = MissingLanguage.WAIT


@pytest.fixture
def provider(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with provider_running(settings.EMAIL_PORT) as running:
        yield running


@pytest.fixture
def readers(campaign):
    for name, language in {"fr": "fr", "en": "en", "too": "en"}.items():
        tell(make_pledge(campaign, email=f"{name}@x.example", language=language).backer, campaign)


@pytest.fixture
def page(campaign, readers):
    return make_update_page(campaign)


@pytest.fixture
def news(page):
    return send_news(Update.objects.get(), by=None, missing_language=WAIT)


@pytest.fixture
def notice_page(campaign, readers):
    return make_update_page(campaign, notice_block([campaign.rewards.first()]))


@pytest.fixture
def delay(notice_page):
    return announce(Update.objects.get(), by=None, missing_language=WAIT)


def standing(mailing):
    rows = OutgoingMail.objects.filter(batch=mailing.key).order_by("address")
    return [(mail.address.partition("@")[0], mail.state, mail.held_for) for mail in rows]


HELD = [("en", "held", HeldFor.TEXT), ("fr", "queued", ""), ("too", "held", HeldFor.TEXT)]
FREE = [("en", "queued", ""), ("fr", "queued", ""), ("too", "queued", "")]


def test_they_wait_and_the_others_get_it(news, provider):
    assert standing(news) == HELD
    outbox.send_due()
    assert provider.addresses == ["fr@x.example"]
    assert (figures_of(news).text, figures_of(news).waiting) == (2, 0)


def test_publishing_their_text_lets_them_go_once(news, page, provider):
    outbox.send_due()
    english = translate_update(page)
    english.get_latest_revision().publish()
    assert (waiting.release_all(), MailingAct.objects.get().act) == (0, Act.TEXT_CAME)
    outbox.send_due()
    assert sorted(provider.addresses) == ["en@x.example", "fr@x.example", "too@x.example"]
    assert provider.taken[1]["Subject"] == "The stone is here"


def test_the_tick_finds_a_text_that_came_in_another_way(news, page):
    english = translate_update(page, publish=False)
    english.get_latest_revision().as_object().save()
    UpdatePage.objects.filter(pk=english.pk).update(live=True, summary="It weighs 900 kg.")
    assert standing(news) == HELD
    assert (waiting.release_all(), waiting.release_all()) == (2, 0)
    assert standing(news) == FREE


def test_a_page_published_untranslated_lets_no_one_go(news, page):
    translate_update(page, summary="Elle pèse 900 kg.")
    assert (waiting.release_all(), standing(news)) == (0, HELD)


def test_a_mailing_is_done_while_they_wait_and_goes_on_when_the_text_comes(news, page, provider):
    outbox.send_due()
    sending.finish_all()
    news.refresh_from_db()
    assert news.state == MailingState.DONE
    translate_update(page)
    news.refresh_from_db()
    assert (news.state, news.done_at) == (MailingState.SENDING, None)
    outbox.send_due()
    assert (sending.finish_all(), figures_of(news).sent) == (1, 3)


def test_a_mailing_of_which_everyone_waits_is_not_done(campaign):
    tell(make_pledge(campaign, email="en@x.example", language="en").backer, campaign)
    make_update_page(campaign)
    send_news(Update.objects.get(), by=None, missing_language=WAIT)
    assert sending.finish_all() == 0


def test_they_get_the_other_language_with_a_note_after_all(news, cooperative, provider):
    editor = make_user(cooperative)
    assert (waiting.send_with_note(news, by=editor), waiting.send_with_note(news, by=editor)) == (2, 0)
    outbox.send_due()
    to_en = next(message for message in provider.taken if message["To"] == "en@x.example")
    assert "This message is in French only for now." in to_en.get_body(("plain",)).get_content()
    assert MailingAct.objects.get().by == editor


def test_they_get_nothing_after_all(news, page, provider):
    assert (waiting.cancel(news, by=None), waiting.cancel(news, by=None)) == (2, 0)
    translate_update(page)
    outbox.send_due()
    assert provider.addresses == ["fr@x.example"]


def test_while_paused_the_text_comes_and_nothing_leaves(news, page, provider):
    sending.pause(news, by=None)
    assert [held for _name, _state, held in standing(news)] == [HeldFor.TEXT, HeldFor.DECISION, HeldFor.TEXT]
    translate_update(page)
    assert {held for _name, _state, held in standing(news)} == {HeldFor.DECISION}
    outbox.send_due()
    assert provider.taken == []
    sending.resume(news, by=None)
    assert standing(news) == FREE


def test_resumed_before_the_text_comes_they_still_wait(news):
    sending.pause(news, by=None)
    sending.resume(news, by=None)
    assert standing(news) == HELD


def test_cancelled_the_text_lets_no_one_go(news, page, provider):
    sending.cancel(news, by=None)
    translate_update(page)
    assert (outbox.send_due(), {state for _name, state, _held in standing(news)}) == (0, {MailState.CANCELLED})


def test_a_delay_waits_too_and_its_record_takes_the_text(delay, notice_page, provider):
    assert standing(delay) == HELD
    outbox.send_due()
    notice = DelayNotice.objects.get()
    assert (notice.reason_fr, notice.reason_en) == (REASON_FR, "")
    translate_update(notice_page)
    notice.refresh_from_db()
    assert (notice.reason_fr, notice.reason_en, notice.next_steps_en) == (REASON_FR, REASON_EN, NEXT_EN)
    outbox.send_due()
    to_en = next(message for message in provider.taken if message["To"] == "en@x.example")
    assert REASON_EN in to_en.get_body(("plain",)).get_content()


def test_those_who_wait_for_a_delay_cannot_be_left_out(delay):
    with pytest.raises(SendingRefused) as refused:
        waiting.cancel(delay, by=None)
    assert (refused.value.refusal, standing(delay)) == (Refusal.OWED, HELD)


def test_french_first_has_no_way_around(news, page):
    translate_update(page)
    OutgoingMail.objects.filter(language="fr").update(state=MailState.HELD, held_for=HeldFor.TEXT)
    leave_english_alone(page)
    with pytest.raises(SendingRefused) as refused:
        waiting.send_with_note(news, by=None)
    assert refused.value.refusal == Refusal.FRENCH_MISSING


def test_another_cooperatives_mails_wait_for_their_own_text(news, page, outsider):
    from tests.factories.campaigns import make_campaign

    theirs = make_campaign(outsider)
    with within(outsider):
        tell(make_pledge(theirs, email="en@y.example", language="en").backer, theirs)
        their_page = make_update_page(theirs)
        mailing = send_news(
            Update.objects.get(translation_key=their_page.translation_key), by=None, missing_language=WAIT
        )
    translate_update(page)
    assert (waiting.release_all(), standing(news)) == (0, FREE)
    with within(outsider):
        assert standing(mailing) == [("en", "held", HeldFor.TEXT)]
