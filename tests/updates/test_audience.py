"""Who gets this and why, to the person: by tier, language and state, who is left out, and who waits for a text."""

import uuid

import pytest
from django.urls import reverse

from home import backing
from home.models import Backer, OutgoingMail, Role
from home.tenancy import within
from pledges import refund_decisions, refund_requests
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.models import Pledge, PledgeItem
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.updates.making import make_update, notice_block, tell
from tests.updates.test_views import admin, briefing, editor, page_of, said, tiers  # noqa: F401 (fixtures)
from updates.announcing import announce
from updates.audience import Why, audience_of, changes_in
from updates.briefing import offers_for, reason_words
from updates.enums import Audience, MailingKind, MissingLanguage
from updates.texts import texts_of

pytestmark = pytest.mark.usefixtures("inside")


def asked(campaign, *, news=True, **fields):
    pledge = make_pledge(campaign, **fields)
    if news:
        tell(pledge.backer, campaign)
    return pledge


def stands(pledge, state):
    PledgeItem.objects.filter(pledge=pledge).update(state=state)
    return pledge


def granted(pledge, by):
    item = PledgeItem.objects.select_related("pledge").get(pledge=pledge, reward__position=0)
    request = refund_requests.ask(item, "")
    refund_decisions.grant(request, amount=item.total, answer="", by=by, key=uuid.uuid4())
    return pledge


@pytest.fixture
def everyone(campaign, cooperative):
    """One person a reason, and a few who read; each named after what they are."""
    flour, box = tiers(campaign)
    both = {"rewards": [(flour, 1), (box, 2)]}
    by_name = {
        "reads": asked(campaign, backer_name="reads", **both),
        "reads too": asked(campaign, backer_name="reads too", language="en"),
        "made": stands(asked(campaign, backer_name="made"), FulfilmentState.IN_PRODUCTION),
        "got it": stands(asked(campaign, backer_name="got it", language="en"), FulfilmentState.DELIVERED),
        "gift": asked(campaign, backer_name="gift", rewards=[], extra=500),
        "unpaid": asked(campaign, backer_name="unpaid", payment_state=PaymentState.MEND),
        "silent": asked(campaign, news=False, backer_name="silent"),
        "left": asked(campaign, backer_name="left"),
        "complained": asked(campaign, backer_name="complained"),
        "bounced": asked(campaign, backer_name="bounced", rewards=[(flour, 1)], language="en"),
        "refunded": asked(campaign, backer_name="refunded"),
        "granted": granted(asked(campaign, backer_name="granted", **both), make_user(cooperative, Role.TREASURER)),
        "cancelled": asked(campaign, backer_name="cancelled", state=PledgeState.CANCELLED),
    }
    backing.withdraw_news(by_name["left"].backer, campaign.translation_key)
    for name, reason in (("complained", backing.COMPLAINED), ("bounced", backing.BOUNCED)):
        backing.suppress(cooperative, by_name[name].backer.email, reason)
    make_refund(payment_of(by_name["refunded"]))
    make_pledge(campaign, backer_name="never finished", state=PledgeState.LAPSED)
    return by_name


def read(update, kind):
    texts = texts_of(update)
    return audience_of(update, kind, changes_in(texts))


def counted(found):
    by_tier = {one.reward.title_en if one.reward else "": one.by_language for one in found.tiers}
    return by_tier, {one.state: one.by_language for one in found.states}


def test_news_by_tier_language_state_and_reason(campaign, everyone):
    found = read(make_update(campaign), MailingKind.NEWS)
    assert found.by_language == {"fr": 5, "en": 2}
    assert counted(found) == (
        {
            "The bag of flour": {"fr": 4, "en": 2},
            "The miller's box": {"fr": 2},
            "": {"fr": 1},
        },
        {
            "unpaid": {"fr": 1},
            "not_started": {"fr": 2, "en": 1},
            "in_production": {"fr": 1},
            "delivered": {"en": 1},
            "": {"fr": 1},
        },
    )
    assert found.left_out == {
        Why.NEVER_ASKED: 1,
        Why.UNSUBSCRIBED: 1,
        Why.COMPLAINED: 1,
        Why.ADDRESS: 1,
        Why.REFUNDED: 1,
        Why.ENDED: 1,
    }
    assert {language: [one.name for one in some] for language, some in found.samples.items()} == {
        "fr": ["reads", "made", "gift"],
        "en": ["reads too", "got it"],
    }


def test_a_delay_reaches_those_it_concerns_whatever_they_said_about_news(campaign, everyone):
    flour, _box = tiers(campaign)
    found = read(make_update(campaign, notice_block([flour])), MailingKind.DELAY)
    assert found.by_language == {"fr": 6, "en": 1}
    assert counted(found) == (
        {"The bag of flour": {"fr": 6, "en": 1}},
        {"unpaid": {"fr": 1}, "not_started": {"fr": 4, "en": 1}, "in_production": {"fr": 1}},
    )
    assert found.left_out == {Why.NOT_CONCERNED: 2, Why.ADDRESS: 1, Why.REFUNDED: 2, Why.ENDED: 1}


def test_the_page_says_it_in_the_same_figures(admin, campaign, everyone):  # noqa: F811
    flour, _box = tiers(campaign)
    page = page_of(make_update(campaign, notice_block([flour])))
    text = said(admin.get(briefing(page)))
    for words in (
        "7 people will get it: 6 in French, 1 in English.",
        "Not paid yet 1 0 1 To come 4 1 5 Being made 1 0 1",
        "For example: reads, made, unpaid, reads too",
        "6 people will not get it 2 people have another reward, have it already, or have none 1 person has an email "
        "address to correct 2 people were refunded 1 person cancelled, or did not complete the contribution",
        "See whom to contact by hand",
    ):
        assert words in text, text
    listed = said(admin.get(f"{briefing(page)}delay/left-out/"))
    names = {"got it", "gift", "bounced", "refunded", "granted", "cancelled"}
    assert {name for name in everyone if f" {name} contrib" in listed} == names


def test_once_announced_the_bounced_are_there_to_contact_by_hand_and_the_refunded_are_not(
    admin,  # noqa: F811
    campaign,
    everyone,
):
    flour, _box = tiers(campaign)
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=MissingLanguage.NONE)
    written = OutgoingMail.objects.filter(kind="delay_announced").values_list("backer__name", flat=True)
    assert sorted(written) == ["complained", "left", "made", "reads", "reads too", "silent", "unpaid"]
    text = said(admin.get(reverse("pledges_unreachable")))
    assert "The bag of flour, 1: expected in March 2028" in text
    assert {name for name in everyone if f" {name} contrib" in text} == {"bounced"}


def test_who_waits_for_a_text_is_counted_and_listed(admin, campaign, everyone):  # noqa: F811
    page = page_of(make_update(campaign, bilingual=False))
    text = said(admin.get(briefing(page)))
    assert "7 people will get it: 5 in French, 2 in English." in text
    assert "2 of them wait for the text in their language, unless you choose otherwise below." in text
    listed = said(admin.get(f"{briefing(page)}news/left-out/"))
    waiting = "Waits for the text in their language, unless you choose otherwise"
    assert listed.count(waiting) == 2
    assert {name for name in everyone if f" {name} contrib" in listed} == {
        "reads too",
        "got it",
        "silent",
        "left",
        "complained",
        "bounced",
        "refunded",
        "cancelled",
    }
    both = page_of(make_update(campaign, title="Une autre"))
    assert waiting not in said(admin.get(f"{briefing(both)}news/left-out/"))
    assert "wait for the text" not in said(admin.get(briefing(both)))


def test_every_reason_has_its_words(admin, campaign, everyone):  # noqa: F811
    assert set(reason_words()) == set(Why)
    _flour, box = tiers(campaign)
    update = make_update(campaign, audience=Audience.TIERS, tiers=[str(box.block_id)])
    assert "Has none of the rewards this update is for" in said(admin.get(f"{briefing(page_of(update))}news/left-out/"))


def test_a_reward_given_up_in_a_change_is_counted_nowhere(campaign):
    flour, box = tiers(campaign)
    pledge = asked(campaign, rewards=[(flour, 1), (box, 1)])
    PledgeItem.objects.filter(pledge=pledge, reward=box).update(quantity=0, state=FulfilmentState.NOT_APPLICABLE)
    assert counted(read(make_update(campaign), MailingKind.NEWS)) == (
        {"The bag of flour": {"fr": 1}},
        {"not_started": {"fr": 1}},
    )


def test_a_contribution_paid_in_two_parts_is_counted_once(campaign):
    pledge = asked(campaign)
    first = payment_of(pledge)
    first.pk, first.part, first.state = None, 1, PaymentState.DUE
    first.save()
    found = read(make_update(campaign), MailingKind.NEWS)
    assert {one.state: one.total for one in found.states} == {"not_started": 1}


def test_of_another_cooperative_nobody(campaign, everyone, outsider):
    with within(outsider):
        before = Backer.objects.count(), Pledge.objects.count()
    names = {one.name for offer in offers_for(make_update(campaign)) for one in offer.samples}
    assert names == {"reads", "reads too"}
    assert before == (0, 0)
