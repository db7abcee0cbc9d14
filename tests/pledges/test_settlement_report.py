"""What treasurers read of the debits equals the ledger; its pages are theirs alone; the rehearsal changes nothing."""

from datetime import date

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock, outbox
from home.mail import composing
from home.mail.registry import kind_of
from home.models import Role
from home.tenancy import within
from pledges import ledger_checks, settlement
from pledges.enums import LedgerAccount, PaymentState
from pledges.models import LedgerEntry, Pledge, Settlement
from pledges.rehearsal import rehearse
from pledges.settlement_report import Tally, report_of
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge


def charged(campaign):
    """A campaign after its debits: two paid, one to mend, one dropped, one due; with a free part and two of a tier."""
    with within(campaign.cooperative):
        flour, box = campaign.rewards.order_by("position")
        make_pledge(campaign, rewards=[(flour, 2), (box, 1)], extra=700, fee=400)
        make_pledge(campaign, rewards=[(flour, 1)], fee=117)
        make_pledge(campaign, rewards=[(box, 1)], payment_state=PaymentState.MEND)
        make_pledge(campaign, rewards=[(box, 1)], payment_state=PaymentState.DROPPED)
        make_pledge(campaign, rewards=[], extra=2500, payment_state=PaymentState.DUE)
        Campaign.objects.filter(pk=campaign.pk).update(
            state=CampaignState.FUNDED, decided_at=clock.now(), pledged_at_deadline=33_700, backers_at_deadline=5
        )
        now = clock.now()
        Settlement.objects.create(
            cooperative=campaign.cooperative,
            campaign=campaign,
            started_at=now,
            grace_ends_at=now + settlement.GRACE,
            prepared_at=now,
        )
    campaign.refresh_from_db()
    return campaign


def test_the_report_is_the_ledger_s_and_its_tiers_add_up(campaign, inside):
    report = report_of(charged(campaign))
    accounts = dict(LedgerEntry.objects.values_list("account").annotate(Sum("amount")))
    assert (report.collected, report.commission, report.fees, report.left) == (
        -accounts[LedgerAccount.CONTRIBUTIONS],
        accounts[LedgerAccount.COMMISSION],
        accounts[LedgerAccount.PROCESSING_FEES],
        accounts[LedgerAccount.BALANCE],
    )
    assert (report.pledged, report.collected) == (33_700, 16_200)
    whole = report.whole
    assert (whole.collected, whole.due, whole.in_grace, whole.dropped) == (
        Tally(2, 16_200),
        Tally(1, 2_500),
        Tally(1, 6_500),
        Tally(1, 6_500),
    )
    assert [(bool(tier.title), tier.collected, tier.in_grace, tier.due) for tier in report.tiers] == [
        (True, Tally(2, 9_000), Tally(), Tally()),
        (True, Tally(1, 6_500), Tally(1, 6_500), Tally()),
        (False, Tally(1, 700), Tally(), Tally(1, 2_500)),
    ]
    for standing in ("collected", "due", "in_grace", "dropped"):
        assert sum(getattr(tier, standing).amount for tier in report.tiers) == getattr(whole, standing).amount


def test_what_was_contributed_after_the_end_has_a_line_of_its_own(campaign, inside):
    before = report_of(charged(campaign))
    late = make_pledge(campaign, rewards=[(campaign.rewards.order_by("position").last(), 1)], fee=200)
    Pledge.objects.filter(pk=late.pk).update(is_late=True)
    report = report_of(campaign)
    assert (report.collected, report.late, report.whole, report.tiers) == (
        before.collected, Tally(1, 6_500), before.whole, before.tiers,
    )  # fmt: skip
    assert before.late == Tally()
    balance = LedgerEntry.objects.filter(account=LedgerAccount.BALANCE).aggregate(Sum("amount"))["amount__sum"]
    assert report.left == balance == report.collected + report.late.amount - report.commission - report.fees
    Campaign.objects.filter(pk=campaign.pk).update(pledged_at_deadline=31_700)
    assert list(ledger_checks.all_findings()) == []


def test_a_report_costs_the_same_whatever_its_size(campaign, inside):
    charged(campaign)
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            report_of(campaign)
        counts.append(len(queries))
        for _pledge in range(3):
            make_pledge(campaign)
    assert counts[0] == counts[1]


def test_the_mail_says_what_the_report_says(campaign):
    charged(campaign)
    user = make_user(campaign.cooperative, Role.TREASURER)
    with within(campaign.cooperative):
        row = outbox.mail_for(
            kind_of("settlement_report"),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            to=user,
            language="en",
        )
        row.save()
        message = composing.compose(row)
    assert message.subject.startswith("Charges for “") and message.subject.endswith("”: $162 collected")
    for said in ("$337.00", "$162.00", "$65.00", "$5.17", reverse("pledges_report", args=[campaign.pk])):
        assert said in message.body
        assert said in message.alternatives[0].content


# The rehearsal


def test_a_rehearsal_says_what_would_be_charged_and_what_could_not(cooperative):
    campaign = make_campaign(cooperative, goal=10_000)
    with within(cooperative):
        flour, box = campaign.rewards.order_by("position")
        make_pledge(campaign, rewards=[(flour, 1)], extra=500, paid=False)
        old = make_pledge(campaign, rewards=[(box, 1)], paid=False)
        without = make_pledge(campaign, rewards=[(box, 1)], paid=False)
        Pledge.objects.filter(pk=old.pk).update(card_expires=date(2020, 1, 1))
        Pledge.objects.filter(pk=without.pk).update(payment_method="", card_expires=None)
        found = rehearse(campaign)
        assert (found.is_met, found.is_missed, found.charges, found.tax) == (True, False, Tally(3, 16_500), 0)
        assert (found.expired, found.without_card) == (Tally(1, 6_500), Tally(1, 6_500))
        assert [line.tally for line in found.tiers] == [Tally(1, 3_000), Tally(2, 13_000), Tally(1, 500)]
        assert Campaign.objects.get().state == CampaignState.LIVE
        Campaign.objects.update(goal=900_000)
        campaign.refresh_from_db()
        missed = rehearse(campaign)
    assert (missed.is_missed, missed.charges) == (True, Tally())


# The pages


@pytest.fixture
def login(client, cooperative):
    def as_role(role):
        client.defaults |= {"HTTP_HOST": cooperative.site.hostname, "HTTP_ACCEPT_LANGUAGE": "en"}
        client.force_login(make_user(cooperative, role))
        return client

    return as_role


PAGES = ["pledges_rehearsal", "pledges_report", "pledges_settlement"]


def address(name, campaign):
    return reverse(name, args=[campaign.pk])


def test_treasurers_pause_and_resume_by_a_button_and_never_by_a_link(login, campaign):
    charged(campaign)
    client = login(Role.TREASURER)
    page = client.get(address("pledges_settlement", campaign)).content.decode()
    assert "1 card remains to be charged." in page and "Pause the charges" in page
    pause = address("pledges_settlement_pause", campaign)
    assert client.get(pause).status_code == 405
    assert client.post(pause, {"act": "pause"}).status_code == 302
    with within(campaign.cooperative):
        assert Settlement.objects.get().paused_at is not None
    page = client.get(address("pledges_settlement", campaign)).content.decode()
    assert "nobody is charged." in page and "Resume the charges" in page
    client.post(pause, {"act": "resume"})
    with within(campaign.cooperative):
        assert Settlement.objects.get().paused_at is None


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADVISER])
def test_others_of_the_team_do_not_see_them(login, campaign, role):
    charged(campaign)
    client = login(role)
    for name in PAGES:
        assert client.get(address(name, campaign)).status_code in (302, 403)
    client.post(address("pledges_settlement_pause", campaign), {"act": "pause"})
    with within(campaign.cooperative):
        assert Settlement.objects.get().paused_at is None


def test_another_cooperative_s_debits_are_not_found_and_not_paused(login, campaign, outsider):
    theirs = charged(make_campaign(outsider, title="Phare secret"))
    client = login(Role.OWNER)
    for name in PAGES:
        answer = client.get(address(name, theirs))
        assert answer.status_code in (302, 404) and b"Phare secret" not in answer.content
    client.post(address("pledges_settlement_pause", theirs), {"act": "pause"})
    with within(outsider):
        assert Settlement.objects.get().paused_at is None


def test_the_report_page_shows_the_same_numbers(login, campaign):
    page = login(Role.TREASURER).get(address("pledges_report", charged(campaign))).content.decode()
    for said in ("$337.00", "$162.00", "$90.00 (2)", "$65.00 (1)", "$25.00 (1)"):
        assert said in page


def test_the_report_page_shows_what_was_contributed_after_the_end_apart(login, campaign):
    charged(campaign)
    with within(campaign.cooperative):
        late = make_pledge(campaign)
        Pledge.objects.filter(pk=late.pk).update(is_late=True)
    page = login(Role.TREASURER).get(address("pledges_report", campaign)).content.decode()
    for said in ("$162.00", "Contributed after the end", "$30.00 (1)"):
        assert said in page


def test_the_rehearsal_page_before_and_after_the_end(login, campaign):
    make_pledge(campaign, paid=False)
    client = login(Role.TREASURER)
    assert b"No card would be charged" in client.get(address("pledges_rehearsal", campaign)).content
    assert b"Rehearse the charges" in client.get(address("pledges_settlement", campaign)).content
    charged(campaign)
    assert b"A rehearsal is for a campaign that runs." in client.get(address("pledges_rehearsal", campaign)).content
