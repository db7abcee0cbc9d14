"""Announcing a delay is one act: promises, notices and mails together, once, to exactly those it concerns."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError
from django.db.models.signals import post_save

from home import backing
from home.models import OutgoingMail
from home.tenancy import within
from pledges.enums import FulfilmentState, PledgeState
from pledges.models import DatePromise, PledgeItem
from pledges.promises import annotate_current_month, current_month, history, tier_month
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.updates.making import (
    NEXT_EN,
    NEXT_FR,
    REASON_EN,
    REASON_FR,
    leave_english_alone,
    make_update,
    make_update_page,
    month,
    notice_block,
    tell,
    translate_update,
)
from updates.announcing import announce
from updates.enums import MailingKind, MailingState, MissingLanguage
from updates.models import DelayNotice, Mailing, NoticePromise, Update
from updates.sending import Refusal, SendingRefused, send_news

pytestmark = pytest.mark.usefixtures("inside")

NONE, SEND_OTHER = MissingLanguage.NONE, MissingLanguage.SEND_OTHER
OCTOBER = date(2027, 10, 1)


@pytest.fixture
def tiers(campaign):
    return list(campaign.rewards.order_by("position"))


@pytest.fixture
def flour(tiers):
    return tiers[0]


@pytest.fixture
def box(tiers):
    return tiers[1]


def addresses(mailing):
    return sorted(OutgoingMail.objects.filter(batch=mailing.key).values_list("address", flat=True))


def state_of_the_world():
    return (
        list(DelayNotice.objects.values_list("pk", flat=True)),
        list(DatePromise.objects.values_list("item_id", "month")),
        list(NoticePromise.objects.values_list("pk", flat=True)),
        list(Mailing.objects.values_list("pk", flat=True)),
        list(OutgoingMail.objects.values_list("pk", flat=True)),
    )


NOTHING = ([], [], [], [], [])


def test_it_writes_notice_promises_links_and_mails(campaign, flour, django_user_model):
    editor = django_user_model.objects.create_user("e@meule.example")
    item = make_pledge(campaign, rewards=[(flour, 2)], email="a@x.example").items.get()
    update = make_update(campaign, notice_block([flour]))
    mailing = announce(update, by=editor, missing_language=NONE)
    notice = DelayNotice.objects.get()
    assert (notice.reason_fr, notice.reason_en, notice.next_steps_fr, notice.next_steps_en) == (
        REASON_FR,
        REASON_EN,
        NEXT_FR,
        NEXT_EN,
    )
    assert (notice.month, notice.announced_by, list(notice.rewards.all())) == (month(), editor, [flour])
    assert [(p.item, p.month, p.made_by) for p in DatePromise.objects.all()] == [(item, month(), editor)]
    assert [link.promise.item for link in notice.written.all()] == [item]
    assert (mailing.kind, mailing.state, addresses(mailing)) == (
        MailingKind.DELAY,
        MailingState.SENDING,
        ["a@x.example"],
    )
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.subject_key, mail.occasion, mail.facts) == (
        "delay_announced",
        update.key,
        "",
        {"notices": [{"notice": notice.pk, "items": [[item.pk, "2027-10-01", "2028-03-01"]]}]},
    )


def test_the_current_month_follows_and_the_history_stays(campaign, flour):
    item = make_pledge(campaign).items.get()
    assert (current_month(item), tier_month(flour)) == (OCTOBER, OCTOBER)
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    sooner = make_update(campaign, notice_block([flour], month="2028-01"), title="Plus tôt")
    announce(sooner, by=None, missing_language=NONE)
    assert (current_month(item), tier_month(flour)) == (date(2028, 1, 1), date(2028, 1, 1))
    assert [one.month_now for one in annotate_current_month(PledgeItem.objects.all())] == [date(2028, 1, 1)]
    assert [one.month for one in history(item)] == [OCTOBER, month(), date(2028, 1, 1)]


def test_it_goes_to_exactly_those_who_are_owed_the_reward(campaign, flour, box):
    make_pledge(campaign, rewards=[(flour, 1)], email="owed@x.example")
    make_pledge(campaign, rewards=[(flour, 1), (box, 1)], email="both@x.example", language="en")
    make_pledge(campaign, rewards=[(box, 1)], email="other-tier@x.example")
    make_pledge(campaign, rewards=[], extra=1000, email="free@x.example")
    for state in set(PledgeState) - {PledgeState.CONFIRMED}:
        make_pledge(campaign, rewards=[(flour, 1)], state=state, email=f"{state}@x.example")
    for state in (FulfilmentState.SENT, FulfilmentState.DELIVERED, FulfilmentState.NOT_APPLICABLE):
        pledge = make_pledge(campaign, rewards=[(flour, 1)], email=f"{state}@x.example")
        pledge.items.update(state=state)
    make_refund(payment_of(make_pledge(campaign, rewards=[(flour, 1)], email="refunded@x.example")))
    part = make_pledge(campaign, rewards=[(flour, 1)], email="refunded-in-part@x.example").payment
    make_refund(part, amount=1000, commission=50)
    mailing = announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    told = ["both@x.example", "owed@x.example", "refunded-in-part@x.example"]
    assert addresses(mailing) == told
    assert sorted(p.item.pledge.backer.email for p in DatePromise.objects.all()) == told
    assert {p.item.reward for p in DatePromise.objects.all()} == {flour}


def test_it_reaches_those_who_unsubscribed_or_complained_but_no_dead_address(campaign, cooperative, flour):
    unsubscribed = make_pledge(campaign, email="unsubscribed@x.example").backer
    tell(unsubscribed, campaign)
    backing.withdraw_news(unsubscribed, campaign.translation_key)
    make_pledge(campaign, email="complained@x.example")
    make_pledge(campaign, email="bounced@x.example")
    backing.suppress(cooperative, "complained@x.example", backing.COMPLAINED)
    backing.suppress(cooperative, "Bounced@x.example", backing.BOUNCED)
    mailing = announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    assert addresses(mailing) == ["complained@x.example", "unsubscribed@x.example"]
    assert DatePromise.objects.count() == 3


def test_someone_with_two_pledges_gets_one_mail_about_both(campaign, flour):
    first = make_pledge(campaign, email="a@x.example")
    second = make_pledge(campaign, backer=first.backer)
    mailing = announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    assert addresses(mailing) == ["a@x.example"]
    lines = OutgoingMail.objects.get().facts["notices"][0]["items"]
    assert [line[0] for line in lines] == [first.items.get().pk, second.items.get().pk]


def test_several_notices_of_an_update_are_one_mail(campaign, flour, box):
    pledge = make_pledge(campaign, rewards=[(flour, 1), (box, 1)], email="a@x.example")
    update = make_update(campaign, notice_block([flour]), notice_block([box], month="2028-06"))
    mailing = announce(update, by=None, missing_language=NONE)
    assert addresses(mailing) == ["a@x.example"]
    months = {promise.item.reward: promise.month for promise in DatePromise.objects.all()}
    assert months == {flour: month(), box: month("2028-06")}
    assert [len(entry["items"]) for entry in OutgoingMail.objects.get().facts["notices"]] == [1, 1]
    assert pledge.items.count() == 2


def test_an_item_already_promised_for_that_month_is_not_concerned(campaign, flour):
    make_pledge(campaign, email="a@x.example")
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    make_pledge(campaign, email="late@x.example")
    again = make_update(campaign, notice_block([flour]), title="Encore")
    assert addresses(announce(again, by=None, missing_language=NONE)) == ["late@x.example"]
    assert DatePromise.objects.count() == 2


def test_done_twice_it_is_done_once(campaign, flour):
    make_pledge(campaign)
    update = make_update(campaign, notice_block([flour]))
    announce(update, by=None, missing_language=NONE)
    before = state_of_the_world()
    with pytest.raises(SendingRefused) as refused:
        announce(Update.objects.get(pk=update.pk), by=None, missing_language=NONE)
    assert (refused.value.refusal, state_of_the_world()) == (Refusal.ANNOUNCED, before)


def test_a_row_that_cannot_be_written_undoes_everything(campaign, flour):
    make_pledge(campaign)
    update = make_update(campaign, notice_block([flour]))
    with pytest.raises(IntegrityError):
        _announce_with_a_notice_written_meanwhile(update)
    assert state_of_the_world() == NOTHING


def _announce_with_a_notice_written_meanwhile(update):
    """As if another process had announced the same block: the unique constraint refuses the second one at the end."""

    def write_the_same(sender, instance, created, **kwargs):
        post_save.disconnect(write_the_same, sender=DelayNotice)
        DelayNotice.objects.bulk_create(
            [
                DelayNotice(
                    cooperative_id=instance.cooperative_id,
                    campaign_id=instance.campaign_id,
                    update_id=instance.update_id,
                    block_id=instance.block_id,
                    month=instance.month,
                    next_news_on=instance.next_news_on,
                    announced_at=instance.announced_at,
                )
            ]
        )

    post_save.connect(write_the_same, sender=DelayNotice)
    try:
        announce(update, by=None, missing_language=NONE)
    finally:
        post_save.disconnect(write_the_same, sender=DelayNotice)


def test_without_the_english_text_nothing_happens(campaign, flour):
    make_pledge(campaign)
    update = make_update(campaign, notice_block([flour]), bilingual=False)
    with pytest.raises(SendingRefused) as refused:
        announce(update, by=None, missing_language=NONE)
    assert (refused.value.refusal, state_of_the_world()) == (Refusal.TEXT_MISSING, NOTHING)


def test_the_choice_to_go_without_english_is_recorded(campaign, flour):
    make_pledge(campaign, email="en@x.example", language="en")
    update = make_update(campaign, notice_block([flour]), bilingual=False)
    mailing = announce(update, by=None, missing_language=SEND_OTHER)
    assert (mailing.missing_language, DelayNotice.objects.get().reason_en) == (SEND_OTHER, "")
    assert DelayNotice.objects.get().reason_fr == REASON_FR


def test_english_published_untranslated_counts_as_missing(campaign, flour):
    make_pledge(campaign)
    page = make_update_page(campaign, notice_block([flour]))
    translate_update(page, notices=False)
    update = Update.objects.get()
    with pytest.raises(SendingRefused) as refused:
        announce(update, by=None, missing_language=NONE)
    assert refused.value.refusal == Refusal.TEXT_MISSING
    announce(update, by=None, missing_language=SEND_OTHER)
    assert (DelayNotice.objects.get().reason_fr, DelayNotice.objects.get().reason_en) == (REASON_FR, "")


def test_french_first_has_no_way_around(campaign, cooperative, flour):
    make_pledge(campaign)
    page = make_update_page(campaign, notice_block([flour]))
    translate_update(page)
    leave_english_alone(page)
    update = Update.objects.get()
    with pytest.raises(SendingRefused) as refused:
        announce(update, by=None, missing_language=SEND_OTHER)
    assert (refused.value.refusal, state_of_the_world()) == (Refusal.FRENCH_MISSING, NOTHING)
    type(cooperative).objects.update(french_first=False)
    announce(Update.objects.get(), by=None, missing_language=SEND_OTHER)
    assert (DelayNotice.objects.get().reason_fr, DelayNotice.objects.get().reason_en) == ("", REASON_EN)


def test_an_update_without_notice_announces_nothing(campaign):
    with pytest.raises(SendingRefused) as refused:
        announce(make_update(campaign), by=None, missing_language=NONE)
    assert refused.value.refusal == Refusal.NO_NOTICE


def test_a_month_or_day_that_has_passed_is_refused(campaign, flour):
    make_pledge(campaign)
    past_month = make_update(campaign, notice_block([flour], month="2020-01"))
    past_news = make_update(campaign, notice_block([flour], next_news_on=date.today() - timedelta(days=2)), title="B")
    for update in (past_month, past_news):
        with pytest.raises(SendingRefused) as refused:
            announce(update, by=None, missing_language=NONE)
        assert refused.value.refusal == Refusal.PAST


def test_tiers_of_another_campaign_are_refused(campaign, cooperative, flour):
    other = make_campaign(cooperative, title="Autre", slug="autre")
    with pytest.raises(SendingRefused) as refused:
        announce(make_update(campaign, notice_block(list(other.rewards.all()))), by=None, missing_language=NONE)
    assert refused.value.refusal == Refusal.FOREIGN_TIER


def test_no_one_of_another_cooperative_is_touched(campaign, outsider, flour):
    theirs = make_campaign(outsider)
    make_pledge(theirs, email="theirs@x.example")
    make_pledge(campaign, email="ours@x.example")
    with within(outsider):
        their_update = make_update(theirs, notice_block(list(theirs.rewards.all())))
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    with within(outsider):
        assert state_of_the_world()[1] == []
        assert list(OutgoingMail.objects.all()) == []
        assert not their_update.delay_notices.exists()


def test_those_concerned_do_not_get_the_news_of_the_same_update(campaign, flour, box):
    for name, reward in (("flour", flour), ("box", box)):
        tell(make_pledge(campaign, rewards=[(reward, 1)], email=f"{name}@x.example").backer, campaign)
    update = make_update(campaign, notice_block([flour]))
    announce(update, by=None, missing_language=NONE)
    assert addresses(send_news(update, by=None, missing_language=NONE)) == ["box@x.example"]


def test_news_first_leaves_out_those_the_delay_will_reach(campaign, flour, box):
    for name, reward in (("flour", flour), ("box", box)):
        tell(make_pledge(campaign, rewards=[(reward, 1)], email=f"{name}@x.example").backer, campaign)
    update = make_update(campaign, notice_block([flour]))
    assert addresses(send_news(update, by=None, missing_language=NONE)) == ["box@x.example"]
    assert addresses(announce(update, by=None, missing_language=NONE)) == ["flour@x.example"]
