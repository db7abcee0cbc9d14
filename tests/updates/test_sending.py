"""News goes to those who asked for it, once over all mailings; a mailing knows how far it has got."""

import pytest

from home import backing, clock
from home.models import MailState, OutgoingMail
from home.tenancy import within
from pledges.enums import PledgeState
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.updates.making import (
    campaign_page,
    leave_english_alone,
    make_update,
    make_update_page,
    tell,
    translate_update,
)
from updates import audience
from updates.enums import MailingKind, MailingState, MissingLanguage
from updates.figures import Figures, figures_of
from updates.models import Mailing, Update
from updates.sending import Refusal, SendingRefused, finish_all, send_news

pytestmark = pytest.mark.usefixtures("inside")

NONE, SEND_OTHER = MissingLanguage.NONE, MissingLanguage.SEND_OTHER


def reader(campaign, address, **fields):
    backer = make_pledge(campaign, email=address, **fields).backer
    tell(backer, campaign)
    return backer


def mails(mailing):
    return sorted(OutgoingMail.objects.filter(batch=mailing.key).values_list("address", "language"))


def test_only_those_who_asked_and_still_contribute(campaign, cooperative):
    reader(campaign, "fr@x.example")
    reader(campaign, "en@x.example", language="en")
    reader(campaign, "free@x.example", rewards=[], extra=500)
    make_pledge(campaign, email="never-asked@x.example")
    backing.withdraw_news(reader(campaign, "unsubscribed@x.example"), campaign.translation_key)
    reader(campaign, "bounced@x.example")
    backing.suppress(cooperative, "bounced@x.example", backing.BOUNCED)
    reader(campaign, "complained@x.example")
    backing.suppress(cooperative, "complained@x.example", backing.COMPLAINED)
    for state in set(PledgeState) - {PledgeState.CONFIRMED}:
        reader(campaign, f"{state}@x.example", state=state)
    refunded = make_pledge(campaign, email="refunded@x.example")
    tell(refunded.backer, campaign)
    make_refund(payment_of(refunded))
    other = make_campaign(cooperative, title="Autre", slug="autre")
    reader(other, "other-campaign@x.example")
    mailing = send_news(make_update(campaign), by=None, missing_language=NONE)
    assert mails(mailing) == [("en@x.example", "en"), ("fr@x.example", "fr"), ("free@x.example", "fr")]
    assert (mailing.kind, mailing.state) == (MailingKind.NEWS, MailingState.SENDING)


def test_the_row_knows_topic_and_consent(campaign):
    backer = reader(campaign, "a@x.example")
    update = make_update(campaign)
    send_news(update, by=None, missing_language=NONE)
    mail = OutgoingMail.objects.get()
    granted = backer.news_consents.get().granted_at
    assert (mail.kind, mail.subject_key, mail.occasion, mail.reader_key, mail.facts) == (
        "update_published",
        update.key,
        "",
        f"backer:{backer.pk}",
        {"topic": str(campaign.translation_key), "consent_date": granted.isoformat()},
    )


def test_no_one_gets_it_twice_over_all_mailings(campaign):
    reader(campaign, "first@x.example")
    update = make_update(campaign)
    send_news(update, by=None, missing_language=NONE)
    with pytest.raises(SendingRefused) as refused:
        send_news(update, by=None, missing_language=NONE)
    assert (refused.value.refusal, Mailing.objects.count()) == (Refusal.NO_ONE, 1)
    reader(campaign, "second@x.example")
    assert mails(send_news(update, by=None, missing_language=NONE)) == [("second@x.example", "fr")]


def test_a_missing_text_is_never_an_accident(campaign):
    reader(campaign, "en@x.example", language="en")
    with pytest.raises(SendingRefused) as refused:
        send_news(make_update(campaign, bilingual=False), by=None, missing_language=NONE)
    assert (refused.value.refusal, OutgoingMail.objects.count()) == (Refusal.TEXT_MISSING, 0)


def test_going_without_is_a_recorded_choice(campaign):
    reader(campaign, "en@x.example", language="en")
    mailing = send_news(make_update(campaign, bilingual=False), by=None, missing_language=SEND_OTHER)
    assert (mailing.missing_language, mails(mailing)) == (SEND_OTHER, [("en@x.example", "en")])


def test_a_choice_that_was_not_needed_is_not_recorded(campaign):
    reader(campaign, "en@x.example", language="en")
    assert send_news(make_update(campaign), by=None, missing_language=SEND_OTHER).missing_language == NONE


def test_english_published_untranslated_counts_as_missing(campaign):
    reader(campaign, "en@x.example", language="en")
    translate_update(make_update_page(campaign), summary="Elle pèse 900 kg.")
    with pytest.raises(SendingRefused) as refused:
        send_news(Update.objects.get(), by=None, missing_language=NONE)
    assert refused.value.refusal == Refusal.TEXT_MISSING


def test_french_first_has_no_way_around(campaign):
    reader(campaign, "en@x.example", language="en")
    page = make_update_page(campaign)
    translate_update(page)
    leave_english_alone(page)
    with pytest.raises(SendingRefused) as refused:
        send_news(Update.objects.get(), by=None, missing_language=SEND_OTHER)
    assert refused.value.refusal == Refusal.FRENCH_MISSING


def test_what_is_not_online_is_not_sent(campaign):
    reader(campaign, "a@x.example")
    page = make_update_page(campaign)
    page.unpublish()
    with pytest.raises(SendingRefused) as refused:
        send_news(Update.objects.get(), by=None, missing_language=SEND_OTHER)
    assert refused.value.refusal == Refusal.NOT_LIVE


def test_an_update_moved_to_another_campaign_is_not_sent(campaign, cooperative):
    reader(campaign, "a@x.example")
    page = make_update_page(campaign)
    translate_update(page)
    page.move(campaign_page(make_campaign(cooperative, title="Autre", slug="autre")), pos="last-child")
    with pytest.raises(SendingRefused) as refused:
        send_news(Update.objects.get(), by=None, missing_language=NONE)
    assert refused.value.refusal == Refusal.MOVED


def test_no_one_of_another_cooperative_is_written_to(campaign, outsider):
    reader(campaign, "ours@x.example")
    theirs = make_campaign(outsider)
    reader(theirs, "theirs@x.example")
    with within(outsider):
        make_update(theirs)
    send_news(make_update(campaign), by=None, missing_language=NONE)
    assert list(OutgoingMail.objects.values_list("address", flat=True)) == ["ours@x.example"]
    with within(outsider):
        assert list(OutgoingMail.objects.all()) == []


def test_a_mailing_is_done_when_nothing_waits(campaign):
    for name in "abcdef":
        reader(campaign, f"{name}@x.example")
    mailing = send_news(make_update(campaign), by=None, missing_language=NONE)
    rows = list(OutgoingMail.objects.order_by("id"))
    states = [MailState.SENT, MailState.FAILED, MailState.IN_DOUBT, MailState.SUPPRESSED, MailState.LEAVING]
    for row, state in zip(rows, states, strict=False):
        OutgoingMail.objects.filter(pk=row.pk).update(state=state)
    assert figures_of(mailing) == Figures(total=6, sent=1, waiting=2, failed=1, in_doubt=1, suppressed=1, tried=2)
    assert (finish_all(), Mailing.objects.get().state) == (0, MailingState.SENDING)
    OutgoingMail.objects.filter(state__in=[MailState.LEAVING, MailState.QUEUED]).update(state=MailState.SENT)
    assert (finish_all(), finish_all()) == (1, 0)
    mailing.refresh_from_db()
    assert mailing.state == MailingState.DONE
    assert mailing.done_at <= clock.now()


def test_a_large_audience_is_frozen_some_at_a_time(campaign, settings):
    for number in range(7):
        reader(campaign, f"{number}@x.example")
    update = make_update(campaign)
    everyone = audience.readers(update, MailingKind.NEWS, [])
    whole, audience.CHUNK = audience.CHUNK, 3
    try:
        assert [len(some) for some in audience.in_chunks(everyone)] == [3, 3, 1]
        assert len(mails(send_news(update, by=None, missing_language=NONE))) == 7
    finally:
        audience.CHUNK = whole
