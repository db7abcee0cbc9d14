"""Every act of the team on money, and every list it takes away, writes one entry of the audit log."""

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, CampaignPage
from home import clock
from home.models import AuditEntry, Role
from home.tenancy import within
from pledges import data_links, offline, own_data, refund_requests, settlement
from pledges.admin.urls import urlpatterns
from pledges.enums import RefundState
from pledges.forms import quantity_name
from pledges.fulfilment import today_in
from pledges.journal import known_accounts
from pledges.models import DataRequest, PledgeItem, Refund, Settlement, TaxRegistration
from tests.factories.books import fail_refund, register
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.factories.pledges import make_pledge, make_refund, payment_of

#: Pages that only show, and what is not about money: rewards on their way, surveys, addresses, mails, sharing.
WRITES_NONE = {
    *("pledges_fulfilment", "pledges_fulfilment_mark", "pledges_fulfilment_csv"),
    *("pledges_pick_up_day", "pledges_pick_up_hand_over", "pledges_pick_up_undo"),
    *("pledges_problems", "pledges_problem", "pledges_address_check", "pledges_address_correct"),
    *("pledges_surveys", "pledges_survey_add", "pledges_survey", "pledges_survey_change", "pledges_survey_delete"),
    *("pledges_survey_open", "pledges_survey_preview", "pledges_survey_question_add", "pledges_survey_question"),
    *("pledges_contributions", "pledges_contribution", "pledges_offline", "pledges_lists", "pledges_refunds"),
    *("pledges_unreachable", "pledges_address_good", "pledges_doubt", "pledges_refund_requests"),
    *("pledges_money", "pledges_settlement", "pledges_account_return", "pledges_account_over", "pledges_payouts"),
    *("pledges_payout", "pledges_rehearsal", "pledges_report", "pledges_books"),
    *("campaign_trial", "pledges_trial", "pledges_trial_contributions", "pledges_trial_last_days", "pledges_trial_end"),
    *("pledges_trial_again", "pledges_trial_finish", "pledges_trial_mail"),
    *("campaign_sharing", "campaign_sharing_preview", "campaign_sharing_add", "campaign_sharing_ambassador"),
}

#: Address to what each of its acts writes.
WRITES = {
    "pledges_links_revoke": ["links_revoked"],
    "pledges_offline_enter": ["offline_entered"],
    "pledges_offline_received": ["offline_received"],
    "pledges_offline_bounced": ["offline_bounced"],
    "pledges_offline_end": ["offline_ended", "offline_ended"],
    "pledges_offline_given_back": ["offline_given_back"],
    "pledges_refund_ask": ["refund_asked"],
    "pledges_refund": ["refund_approved", "refund_rejected", "refund_settled", "refund_again", "refund_let_go"],
    "pledges_refund_request": ["refund_granted", "refund_declined"],
    "pledges_settlement_pause": ["settlement_paused", "settlement_resumed"],
    "pledges_matching": ["matching_recorded"],
    "pledges_taxes": ["taxes_changed"],
    "pledges_tax": ["taxes_changed"],
    "pledges_accounts": ["codes_changed"],
    "pledges_account": ["account_opened"],
    "campaign_extend": ["deadline_extended"],
    "pledges_list_backers": ["exported"],
    "pledges_list_labels": ["exported"],
    "pledges_list_pick_up": ["exported"],
    "pledges_list_pick_up_page": ["exported"],
    "pledges_fulfilment_csv_template": ["exported"],
    "pledges_tax_report": ["exported"],
    "pledges_owed": ["exported"],
    "pledges_journal": ["exported"],
}


def test_every_address_is_known_to_write_or_not():
    """A new one is put into one of the two tables above; one that moves money or names writes an entry."""
    assert sorted(one.name for one in urlpatterns) == sorted(WRITES_NONE | set(WRITES))


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, funding_model=FundingModel.FLEXIBLE)


@pytest.fixture
def owner(shop):
    client = Client(HTTP_HOST=shop.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    client.person = make_user(shop, Role.OWNER)
    client.force_login(client.person)
    return client


def entered(campaign, today):
    """Contributions by other means: one to be received, one that bounces, two that end, a refund to hand over."""
    pledges = [make_offline(campaign) for _number in range(5)]
    for pledge in (pledges[1], pledges[3], pledges[4]):
        offline.receive(payment_of(pledge), on=clock.now().date(), method="cash", reference="", by=None, tell=False)
    by_hand = make_refund(payment_of(pledges[4]), commission=0, state=RefundState.DUE)
    paid = {"received_on": today, "method": "cheque", "reference": "1"}
    person = {"name": "Zoé", "email": "zoe@example.com", "language": "fr", "extra": "20", "method": "cash"}
    parcel = {"line1": "1, rue X", "city": "X", "country": "CA", "zone": "quebec", "attempt": "x"}
    first = campaign.rewards.order_by("position").first()
    return [
        ("pledges_offline_enter", [campaign.pk], person | parcel | {quantity_name(first): "1"}),
        ("pledges_offline_received", [pledges[0].pk], paid),
        ("pledges_offline_bounced", [pledges[1].pk], {}),
        ("pledges_offline_end", [pledges[2].pk], {"state": "due"}),
        ("pledges_offline_end", [pledges[3].pk], {"state": "paid"}),
        ("pledges_offline_given_back", [by_hand.pk], {"given_on": today, "reference": "2"}),
    ]


def refunded(campaign, person):
    def paid():
        return payment_of(make_pledge(campaign, fee=117))

    waiting = [make_refund(paid(), state=RefundState.TO_APPROVE) for _number in range(2)]
    refused = [make_refund(paid(), state=RefundState.FAILED) for _number in range(2)]
    Refund.objects.filter(pk=refused[1].pk).update(asked_by=person)
    sent_back = fail_refund(make_refund(paid()))
    items = [PledgeItem.objects.select_related("pledge").get(pledge=make_pledge(campaign, fee=1)) for _n in range(2)]
    granted, declined = (refund_requests.ask(item, "La date ne va plus.") for item in items)
    key = str(uuid.uuid4())
    asked = {"key": key, "amount": "1", "reason": "agreed", "act": "refund"}
    return [
        ("pledges_refund_ask", [paid().pk], asked),
        ("pledges_refund", [waiting[0].pk], {"act": "approve"}),
        ("pledges_refund", [waiting[1].pk], {"act": "reject"}),
        ("pledges_refund", [sent_back.pk], {"act": "settle"}),
        ("pledges_refund", [refused[0].pk], {"act": "again"}),
        ("pledges_refund", [refused[1].pk], {"act": "let_go"}),
        ("pledges_refund_request", [granted.pk], {"act": "grant", "key": key, "amount": "5", "answer": ""}),
        ("pledges_refund_request", [declined.pk], {"act": "decline", "decline-answer": "Non."}),
    ]


def settled(cooperative):
    """A campaign whose cards are being charged."""
    campaign = make_campaign(cooperative, title="Réussie")
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.FUNDED)
    now = clock.now()
    Settlement.objects.create(
        cooperative=cooperative, campaign=campaign, started_at=now, grace_ends_at=now + settlement.GRACE
    )
    return [("pledges_settlement_pause", [campaign.pk], {"act": act}) for act in ("pause", "resume")]


def kept(campaign, today):
    """The books, the account and the deadline."""
    register(campaign.cooperative, "gst")
    tax = {"code": "gst", "number": "123456789RT0002", "starts_on": "2020-01-01", "ends_on": ""}
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    last_day = (campaign.deadline.date() + timedelta(days=5)).isoformat()
    partner = {"partner_fr": "Caisse", "partner_en": "Caisse", "amount": "9", "received_on": today}
    return [
        ("pledges_matching", [campaign.pk], partner),
        ("pledges_tax", [TaxRegistration.objects.get().pk], tax),
        ("pledges_taxes", [], tax | {"code": "qst", "number": "1234567890TQ0009"}),
        ("pledges_accounts", [], {f"{account}_{code}".rstrip("_"): "77" for account, code in known_accounts()}),
        ("pledges_account", [], {}),
        ("campaign_extend", [page.pk], {"last_day": last_day, "reason_fr": "x", "reason_en": "x"}),
    ]


def test_every_act_writes_its_entry_and_names_no_backer(campaign, shop, owner):
    today, written = today_in(shop).isoformat(), {}
    with within(shop):
        steps = [*entered(campaign, today), *refunded(campaign, owner.person), *settled(shop), *kept(campaign, today)]
        steps.append(("pledges_links_revoke", [make_pledge(campaign).pk], {}))
        last = AuditEntry.objects.order_by("pk").last()
        for name, args, data in steps:
            owner.post(reverse(name, args=args), data)
            last = note(written, name, last)
        for name in (name for name, acts in WRITES.items() if acts == ["exported"]):
            owner.get(reverse(name) + "?as=csv")
            last = note(written, name, last)
        assert written == WRITES
        mine = AuditEntry.objects.filter(actor=owner.person)
        assert mine.count() == sum(map(len, WRITES.values()))
        told = " ".join(f"{one.subject} {one.facts}" for one in AuditEntry.objects.all())
    assert [name for name in ("Tremblay", "Pelletier", "Zoé", "@") if name in told] == []
    page = owner.get(reverse("audit")).content.decode()
    assert "$1.00" in page
    assert page.count("List exported") > 8


def note(written, name, last):
    """What was written since `last`, under the address that it was written by."""
    since = AuditEntry.objects.filter(pk__gt=last.pk if last else 0).order_by("pk")
    written.setdefault(name, []).extend(one.act for one in since)
    return since.last() or last


def test_the_same_again_or_too_late_writes_nothing_more(campaign, shop, owner):
    with within(shop):
        for name, args, data in [*entered(campaign, today_in(shop).isoformat()), *settled(shop)[:1]]:
            owner.post(reverse(name, args=args), data)
            before = AuditEntry.objects.count()
            owner.post(reverse(name, args=args), data)
            if name != "pledges_offline_enter":
                assert AuditEntry.objects.count() == before, name


def test_what_nobody_of_the_team_did_is_written_too(campaign, shop):
    with within(shop):
        data_links.ask(make_pledge(campaign), data_links.Act.EXPORT)
        request = DataRequest.objects.select_related("backer", "cooperative").get()
        assert [own_data.use(request) is None for _time in range(2)] == [False, True]
        end_now(campaign)
    call_command("settle_due", write=True)
    with within(shop):
        entries = list(AuditEntry.objects.order_by("pk").values_list("act", "actor", "subject"))
    assert entries == [
        ("own_data_exported", None, f"datarequest:{request.pk}"),
        ("settlement_started", None, f"campaign:{campaign.pk}"),
    ]
