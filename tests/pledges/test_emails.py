"""Each mail of this room: true to the rows, in the reader's language, the same in both its parts."""

import html
import re
import uuid
from datetime import date, timedelta
from functools import partial

import pytest
from django.conf import settings

from campaigns import end_dates
from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, RewardVariant
from home import clock, formats, outbox
from home.languages import text_of
from home.mail import composing
from home.mail.registry import Category, all_kinds, kind_of
from home.models import Cooperative, OutgoingMail
from home.tenancy import within
from pledges import email_changes, extending, offline
from pledges.change_plans import snapshot
from pledges.consent_texts import LONGEST, charge_date, checkout_text, consent_text
from pledges.enums import FulfilmentState, PaymentState, PledgeState, RefundState
from pledges.links import contribution_url
from pledges.models import DataRequest, DatePromise, Pledge, PledgeChange, PledgeConsent, Settlement
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.factories.pledges import make_payment, make_pledge, make_refund, payment_of
from tests.pledges import fulfilment_mails, refund_request_mails

ZONE = "America/Toronto"
BACKERS = [kind.key for kind in all_kinds() if kind.app == "pledges" and kind.category == Category.SERVICE]


@pytest.fixture(autouse=True)
def scope(inside):
    return inside


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative)


@pytest.fixture
def flexible(cooperative):
    return make_campaign(cooperative, title="Le four", funding_model=FundingModel.FLEXIBLE)


def settled(campaign, state=CampaignState.FUNDED):
    end_now(campaign)
    figures = {"pledged_at_deadline": 120_000, "backers_at_deadline": 14}
    Campaign.objects.filter(pk=campaign.pk).update(state=state, outcome=state, **figures)
    campaign.refresh_from_db()
    now = clock.now()
    return Settlement.objects.create(
        cooperative=campaign.cooperative, campaign=campaign, started_at=now, grace_ends_at=now + timedelta(days=7)
    )


def composed(kind, subject_key, to, **fields):
    outbox.queue(kind_of(kind), cooperative=to.cooperative, subject_key=subject_key, to=to, **fields)
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer", "user").get(
        kind=kind, subject_key=subject_key, occasion=fields.get("occasion", "")
    )
    return composing.compose(mail)


def plain(text):
    """One line; no-break spaces stay what they are."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def read_html(message):
    """What a reader reads of the HTML part: no markup, single spaces."""
    body = re.sub(r"(?s)<head>.*?</head>|<style.*?</style>", " ", message.alternatives[0].content)
    return re.sub(r" ([.,;:”])", r"\1", plain(html.unescape(re.sub(r"<[^>]+>", " ", body))))


def links_of(message):
    """Where both parts lead: addresses of the text, and of the HTML."""
    in_text = set(re.findall(r"https?://\S+", message.body))
    in_html = {
        html.unescape(found) for found in re.findall(r'href="(https?://[^"]+)"', message.alternatives[0].content)
    }
    return in_text, in_html


def told(message, *facts):
    """Every fact stands in both parts."""
    text, page = plain(message.body), read_html(message)
    for fact in facts:
        assert fact in text, (fact, text)
        assert fact in page, (fact, page)


def exact(cents, language):
    return formats.money(cents, "CAD", language, exact=True)


def whole(cents, language):
    return formats.money(cents, "CAD", language)


def day(instant, language):
    return formats.local_day(instant, ZONE, language)


def until(instant, language):
    return plain(formats.deadline(instant, ZONE, language))


def extended(campaign):
    last_day = end_dates.day_of(campaign.deadline, campaign) + timedelta(days=9)
    assert extending.extend(
        campaign, last_day, by=None, reason_fr="La pierre arrive en retard.", reason_en="The stone comes late."
    )
    return campaign


def made_offline(kind, flexible, language):
    """The mails of a contribution by other means: awaited, and by a cheque that could not be cashed."""
    pledge = make_offline(flexible, language=language, name="Rosalie Tremblay")
    if kind == "offline_recorded":
        return composed(kind, pledge.key, pledge.backer), [exact(2500, language)]
    payment = pledge.payments.get()
    offline.receive(payment, on=date(2026, 10, 3), method="cheque", reference="", by=None, tell=False)
    offline.bounce(payment, by=None, tell=False)
    message = composed(kind, pledge.key, pledge.backer, occasion=f"payment:{payment.pk}")
    return message, [formats.day(date(2026, 10, 3), language)]


OWN_MAILS = ["card_expiring", "charge_upcoming", "data_erased", "data_exported", "data_to_erase", "pledge_changed"]


def made_by_its_backer(kind, pledge, language):
    """The mails of one's own page, and of before the debit."""
    campaign, now = pledge.campaign, clock.now()
    charged, amount = charge_date(campaign, language), whole(pledge.amount, language)
    if kind == "card_expiring":
        facts = [formats.month(pledge.card_expires, language), charged, amount, "4242"]
        return composed(kind, pledge.key, pledge.backer), facts
    if kind == "charge_upcoming":
        facts = [until(campaign.deadline, language), whole(campaign.goal, language), amount, "4242"]
        return composed(kind, pledge.key, pledge.backer), facts
    if kind == "data_erased":
        message = composed(kind, pledge.key, pledge.backer, facts={"year": 2032})
        return message, [day(now, language), "2032"]
    if kind in ("data_exported", "data_to_erase"):
        request = DataRequest.objects.create(
            cooperative=campaign.cooperative, backer=pledge.backer, asked_at=now, expires_at=now + timedelta(days=7)
        )
        message = composed(kind, pledge.key, pledge.backer, occasion=f"{kind}:{request.pk}")
        return message, [until(request.expires_at, language)]
    change = PledgeChange.objects.create(
        cooperative=campaign.cooperative,
        pledge=pledge,
        old_amount=13550,
        old_items=snapshot(pledge),
        amount=15000,
        extra=15000,
        asked_at=now,
    )
    message = composed(kind, pledge.key, pledge.backer, occasion=f"change:{change.pk}")
    return message, [exact(13550, language), exact(15000, language), day(now, language)]


DEADLINE_MAILS = ["deadline_extended", "goal_met_charged", "goal_missed", "payment_to_mend", "pledge_dropped"]
TITLES = {"fr": "La boîte du meunier", "en": "The miller's box"}


def made_by_the_deadline(kind, campaign, pledge_of, language):
    """The mails of a deadline that comes, or moves."""
    if kind == "goal_met_charged":
        pledge = pledge_of()
        settled(campaign)
        month = date(2027, 12, 1)
        DatePromise.objects.create(
            cooperative=campaign.cooperative, item=pledge.items.get(), month=month, made_at=clock.now()
        )
        facts = [whole(120_000, language), "14", whole(100_000, language), exact(13550, language), "4242", "MEULE"]
        return composed(kind, pledge.key, pledge.backer), [*facts, formats.month(month, language), TITLES[language]]
    if kind == "payment_to_mend":
        pledge = pledge_of(payment_state=PaymentState.MEND)
        ends = settled(campaign).grace_ends_at
        return composed(kind, pledge.key, pledge.backer, occasion="0"), [whole(13550, language), until(ends, language)]
    if kind == "pledge_dropped":
        pledge = pledge_of(state=PledgeState.DROPPED)
        ends = settled(campaign).grace_ends_at
        return composed(kind, pledge.key, pledge.backer), [whole(13550, language), until(ends, language)]
    if kind == "goal_missed":
        pledge = pledge_of(state=PledgeState.GOAL_MISSED)
        settled(campaign, CampaignState.MISSED)
        return composed(kind, pledge.key, pledge.backer), [
            until(campaign.deadline, language),
            whole(120_000, language),
            whole(100_000, language),
        ]
    pledge = pledge_of(paid=False)
    moved = extended(campaign)
    old, new = until(moved.first_deadline, language), until(moved.deadline, language)
    why = {"fr": "La pierre arrive en retard.", "en": "The stone comes late."}[language]
    charged = charge_date(moved, language)
    return composed(kind, pledge.key, pledge.backer), [old, new, why, whole(13550, language), charged]


def made_of_a_refund(kind, pledge, language):
    refund = make_refund(payment_of(pledge), amount=3000, commission=0)
    return composed(kind, pledge.key, pledge.backer, occasion=f"refund:{refund.pk}"), [
        exact(3000, language),
        exact(10550, language),
        day(clock.now(), language),
        "4242",
        "MEULE",
    ]


def made_of_a_reward(kind, pledge, language):
    item = pledge.items.get()
    item_facts = {"state": "sent", "carrier": "Postes", "tracking_url": "", "note": "Un peu de son sur la boîte."}
    facts = {
        "reward_sent": [TITLES[language], day(clock.now(), language), "Postes", item_facts["note"]],
        "reward_ready": [TITLES[language], "4, chemin du Moulin, Saint-Aurèle", item_facts["note"]],
    }
    return composed(kind, f"item:{item.pk}", pledge.backer, facts=item_facts), facts[kind]


def made(kind, campaign, flexible, language):
    """A mail of each kind, with the facts it must hold in both parts."""
    now = clock.now()
    deadline = until(campaign.deadline, language)
    box, flexible_box = (one.rewards.order_by("position").last() for one in (campaign, flexible))
    title = TITLES[language]

    def pledge_of(one, reward, **fields):
        return make_pledge(one, rewards=[(reward, 2)], extra=550, language=language, **fields)

    if kind == "pledge_confirmed":
        pledge = pledge_of(campaign, box, paid=False)
        charged = charge_date(campaign, language)
        facts = [f"{title}, 2", exact(13000, language), exact(550, language), exact(13550, language), deadline]
        return composed(kind, pledge.key, pledge.backer), [
            *facts,
            whole(100_000, language),
            charged,
            "MEULE",
            PledgeConsent.objects.get(pledge=pledge).text,
            day(now, language),
        ]
    if kind == "contribution_receipt":
        pledge = pledge_of(flexible, flexible_box)
        facts = [f"{title}, 2", exact(13550, language), day(now, language), "MEULE"]
        return composed(kind, pledge.key, pledge.backer), [*facts, until(flexible.deadline, language)]
    if kind in ("offline_recorded", "cheque_bounced"):
        return made_offline(kind, flexible, language)
    if kind == "news_to_confirm":
        backer = pledge_of(campaign, box, paid=False).backer
        message = composed(kind, f"campaign:{campaign.pk}", backer)
        return message, [text_of(campaign, "title", language), day(now + timedelta(days=7), language)]
    if kind == "contribution_link":
        backer = pledge_of(campaign, box, paid=False).backer
        return composed(kind, f"campaign:{campaign.pk}", backer, facts={"continuation": 1}), [
            text_of(campaign, "title", language)
        ]
    if kind in fulfilment_mails.KINDS:
        return fulfilment_mails.made(kind, pledge_of(campaign, box), language)
    if kind in refund_request_mails.KINDS:
        return refund_request_mails.made(kind, pledge_of(campaign, box), language)
    if kind.startswith("email_changed"):
        return of_a_new_address(kind, pledge_of(campaign, box, paid=False), language)
    if kind in OWN_MAILS:
        return made_by_its_backer(kind, pledge_of(campaign, box, paid=False), language)
    if kind == "pledge_cancelled":
        pledge = pledge_of(flexible, flexible_box, state=PledgeState.CANCELLED)
        return composed(kind, pledge.key, pledge.backer), [
            exact(13550, language),
            day(now, language),
            until(flexible.deadline, language),
        ]
    if kind == "link_renewed":
        pledge = pledge_of(campaign, box, paid=False)
        return composed(kind, pledge.key, pledge.backer, occasion="link:1"), [day(now + timedelta(days=400), language)]
    if kind in DEADLINE_MAILS:
        return made_by_the_deadline(kind, campaign, partial(pledge_of, campaign, box), language)
    make = made_of_a_refund if kind == "refund_made" else made_of_a_reward
    return make(kind, pledge_of(campaign, box), language)


def of_a_new_address(kind, pledge, language):
    change = email_changes.ask(pledge, "zoe@nouveau.example")
    if kind == email_changes.TO_OLD:
        email_changes.confirm(change)
    by = email_changes.confirm_by(change) if kind == email_changes.TO_NEW else email_changes.undo_by(change)
    address = f"{change.old_email[0]}…@courriel.example" if kind == email_changes.TO_NEW else "z…@nouveau.example"
    return fulfilment_mails.latest(kind), [text_of(pledge.campaign, "title", language), day(by, language), address]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", BACKERS)
def test_each_mail_says_the_same_in_both_parts_and_is_service(kind, campaign, flexible, language):
    message, facts = made(kind, campaign, flexible, language)
    told(message, "Rosalie Tremblay", "La Meule commune, coopérative de solidarité", "Mireille Dubé", *facts)
    in_text, in_html = links_of(message)
    assert in_text == in_html
    assert len(in_text) == (kind != "data_erased")  # its links no longer work
    assert message.extra_headers["Content-Language"] == f"{language}-CA"
    assert "List-Unsubscribe" not in message.extra_headers
    assert f'<html lang="{language}-CA">' in message.alternatives[0].content
    assert "\n" not in message.subject and message.subject
    assert all(f"/{language}/" in link for link in in_text)


def test_the_kinds_are_those_of_the_deck():
    assert (
        sorted(
            [
                "pledge_confirmed",
                "contribution_receipt",
                "pledge_cancelled",
                "link_renewed",
                "goal_met_charged",
                "payment_to_mend",
                "pledge_dropped",
                "goal_missed",
                "deadline_extended",
                "refund_made",
                "reward_sent",
                "reward_ready",
                "offline_recorded",
                "cheque_bounced",
                "contribution_link",
                "email_changed_new",
                "email_changed_old",
                "news_to_confirm",
                *OWN_MAILS,
                *fulfilment_mails.KINDS,
                *refund_request_mails.KINDS,
            ]
        )
        == BACKERS
    )


def subject(kind, pledge, **fields):
    return composed(kind, pledge.key, pledge.backer, **fields).subject


def test_subjects_say_the_fact_first(campaign, flexible):
    box = campaign.rewards.order_by("position").last()
    promise = make_pledge(campaign, rewards=[(box, 1)], language="en", paid=False)
    paid = make_pledge(flexible, language="en")
    assert subject("pledge_confirmed", promise) == "Your pledge of $65 is recorded"
    assert subject("contribution_receipt", paid) == "Receipt: your contribution of $30.00"
    for one, said in ((campaign, "Your pledge is cancelled"), (flexible, "Your contribution is cancelled")):
        ended = make_pledge(one, state=PledgeState.CANCELLED, language="en")
        assert subject("pledge_cancelled", ended) == said
    assert subject("link_renewed", promise, occasion="link:1") == "Your new link to “My contribution”"


def test_the_receipt_says_what_it_is_and_until_when_to_cancel(flexible):
    pledge = make_pledge(flexible, language="en")
    ends = formats.deadline(flexible.deadline, ZONE, "en")
    receipt = composed("contribution_receipt", pledge.key, pledge.backer)
    tax = "This is a receipt for payment; it is not a tax receipt."
    told(receipt, tax, f"You may cancel and get a full refund until {ends}.", "Total")
    assert "Card ending in" not in receipt.body
    OutgoingMail.objects.all().delete()
    end_now(flexible)
    assert "You may cancel" not in composed("contribution_receipt", pledge.key, pledge.backer).body


def test_a_promise_cancelled_is_not_told_of_a_refund(campaign):
    pledge = make_pledge(campaign, state=PledgeState.CANCELLED, language="en")
    message = composed("pledge_cancelled", pledge.key, pledge.backer)
    told(message, "Nothing will be charged and your card is no longer kept.")
    assert "statement" not in message.body and "Refund" not in message.body


@pytest.mark.parametrize(
    ("state", "said", "unsaid"),
    [
        (PaymentState.ACTION, "Your bank asks for a confirmation.", "Another card may be used."),
        (PaymentState.MEND, "Another card may be used.", "Your bank asks for a confirmation."),
    ],
)
def test_what_is_left_to_do_depends_on_the_payment(campaign, state, said, unsaid):
    pledge = make_pledge(campaign, payment_state=state, language="en")
    ends = settled(campaign).grace_ends_at
    message = composed("payment_to_mend", pledge.key, pledge.backer, occasion="0")
    told(message, said, "Complete the payment")
    assert unsaid not in message.body
    assert message.subject == "Your payment of $30 is still to be made"
    assert "/pay/" in links_of(message)[0].pop()
    last = composed("payment_to_mend", pledge.key, pledge.backer, occasion="6")
    assert last.subject == f"Last reminder: $30 to pay by {day(ends, 'en')}"


def test_a_whole_refund_leaves_nothing_to_tell_of(campaign):
    pledge = make_pledge(campaign, language="en")
    refund = make_refund(payment_of(pledge))
    message = composed("refund_made", pledge.key, pledge.backer, occasion=f"refund:{refund.pk}")
    assert "remains" not in message.body
    make_refund(payment_of(pledge), amount=100, commission=0, state=RefundState.FAILED)


def test_a_reward_sent_leads_to_its_parcel(campaign):
    pledge = make_pledge(campaign, language="en")
    facts = {"state": "sent", "carrier": "", "tracking_url": "https://postes.example/1?a=2&b=3", "note": ""}
    message = composed("reward_sent", f"item:{pledge.items.get().pk}", pledge.backer, facts=facts)
    told(message, "Track the parcel", f"“The bag of flour” was sent on {day(clock.now(), 'en')}.")
    assert links_of(message) == ({facts["tracking_url"]}, {facts["tracking_url"]})
    assert "Carrier" not in message.body


def test_what_is_not_to_be_delivered_does_not_come_next(campaign):
    pledge = make_pledge(campaign, language="en")
    pledge.items.update(state=FulfilmentState.NOT_APPLICABLE)
    settled(campaign)
    assert "What comes next" not in composed("goal_met_charged", pledge.key, pledge.backer).body


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    ("state", "subject_in_english", "said"),
    [
        (CampaignState.FUNDED, "Goal reached: $1,200 of $1,000", "7 days are given for payments to mend."),
        (CampaignState.MISSED, "Goal not reached: $1,200 of $1,000", "no commission is due."),
        (CampaignState.ENDED, "Campaign ended: $0 raised", ""),
    ],
)
def test_the_team_is_told_how_a_campaign_ended(cooperative, campaign, state, subject_in_english, said, language):
    Cooperative.objects.filter(pk=cooperative.pk).update(language=language)
    user = make_user(cooperative)
    settled(campaign, state)
    row = outbox.mail_for(
        kind_of("campaign_outcome"),
        cooperative=cooperative,
        subject_key=f"campaign:{campaign.pk}",
        to=user,
        language=language,
    )
    row.save()
    message = composing.compose(row)
    told(message, "14", until(campaign.deadline, language))
    assert kind_of("campaign_outcome").category == Category.TEAM
    assert "List-Unsubscribe" not in message.extra_headers
    if language == "en":
        assert message.subject == subject_in_english
        told(message, said)


def test_a_mail_leads_to_its_own_reader_s_page(campaign, outsider):
    ours = make_pledge(campaign, language="en", paid=False)
    make_pledge(campaign, language="en", paid=False)
    with within(outsider):
        make_pledge(make_campaign(outsider), language="en", paid=False)
    message = composed("pledge_confirmed", ours.key, ours.backer)
    assert links_of(message)[0] == {contribution_url(ours, "en")}
    assert message.to == [ours.backer.email]


def test_a_rehearsal_opens_no_one_s_page(campaign):
    pledge = make_pledge(campaign, language="en", paid=False)
    row = outbox.mail_for(
        kind_of("pledge_confirmed"), cooperative=campaign.cooperative, subject_key=pledge.key, to=pledge.backer
    )
    assert links_of(composing.compose(row))[0] == {campaign.cooperative.root_url + "/"}


# The words of agreement


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_hosted_page_s_text_is_never_too_long(cooperative, language):
    Cooperative.objects.filter(pk=cooperative.pk).update(legal_name="Coopérative de solidarité " + "x" * 170)
    cooperative.refresh_from_db()
    for number, model in enumerate(FundingModel):
        campaign = make_campaign(cooperative, title=f"{number} " + "Un très long titre " * 12, funding_model=model)
        Campaign.objects.filter(pk=campaign.pk).update(title_en="A very long title " * 14)
        pledge = make_pledge(Campaign.objects.get(pk=campaign.pk), language=language, paid=False)
        fresh = Pledge.objects.select_related("campaign__cooperative").get(pk=pledge.pk)
        text = checkout_text(fresh)
        assert 300 < len(text) <= LONGEST
        assert "…" in text and "MEULE" in text
        assert formats.deadline(campaign.deadline, ZONE, language) in text


def test_the_hosted_page_says_the_whole_where_it_fits(campaign, flexible):
    promise, paid = make_pledge(campaign, language="en", paid=False), make_pledge(flexible, language="en")
    deadline = formats.deadline(campaign.deadline, ZONE, "en")
    legal = "La Meule commune, coopérative de solidarité"
    assert checkout_text(promise) == (
        f"Your card is saved now and is not charged. {legal} will charge it once, for no more than $30, on "
        f"{charge_date(campaign, 'en')}, and only if the campaign “Get the millstone turning” reaches $1,000 by "
        f"{deadline}. Until then you may cancel by the link sent to you by email. On your statement: MEULE. "
        "No tax receipt, no investment, no share in the cooperative."
    )
    assert checkout_text(paid).startswith(f"{legal} charges $30 now, whether or not the campaign “")


def test_another_card_for_a_campaign_that_ended_is_said_to_be_charged(campaign):
    pledge = make_pledge(campaign, payment_state=PaymentState.MEND, language="en")
    settled(campaign)
    fresh = Pledge.objects.select_related("campaign__cooperative").get(pk=pledge.pk)
    text = checkout_text(fresh)
    assert "will charge the card given here once, for $30" in text
    assert "is not charged" not in text


def test_consent_names_the_most_and_the_day(campaign):
    text = consent_text(campaign, 4550, "en")
    assert settings.PAYMENT_PROCESSOR_NAME in text
    assert "for no more than $45.50" in text
    assert charge_date(campaign, "en") in text


@pytest.mark.parametrize(
    ("language", "named"),
    [("fr", "La boîte du meunier (Très grand)"), ("en", "The miller's box (Extra large)")],
)
def test_what_was_chosen_is_named_with_its_form(campaign, flexible, language, named):
    """In what was promised, paid, charged and changed, and in what leaves."""

    def pledge_of(one, **fields):
        box = one.rewards.order_by("position").last()
        pledge = make_pledge(one, rewards=[(box, 2)], language=language, **fields)
        size = RewardVariant.objects.create(
            reward=box, block_id=uuid.uuid4(), position=0, label_fr="Très grand", label_en="Extra large"
        )
        pledge.items.update(variant=size)
        return pledge

    promise, paid = pledge_of(campaign, paid=False), pledge_of(flexible)
    told(composed("pledge_confirmed", promise.key, promise.backer), f"{named}, 2")
    told(composed("contribution_receipt", paid.key, paid.backer), f"{named}, 2")
    told(composed("offline_recorded", paid.key, paid.backer), f"{named}, 2")
    settled(campaign)
    make_payment(promise)
    told(composed("goal_met_charged", promise.key, promise.backer), f"{named}, 2", named)
    facts = {"state": "sent", "carrier": "", "tracking_url": "", "note": ""}
    for kind in ("reward_sent", "reward_ready"):
        message = composed(kind, f"item:{paid.items.get().pk}", paid.backer, facts=facts)
        told(message, named)
        assert named in message.subject
