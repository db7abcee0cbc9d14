"""Which views of money ask for a fresh log-in, and how: a new address fails here until someone decides."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from home.models import Role
from home.tenancy import within
from home.wagtail_hooks import own_urls
from pledges.admin.urls import urlpatterns
from pledges.models import Refund, Settlement
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, payment_of

FRESH = {
    "pledges_refund_ask": "money goes back",
    "pledges_refund": "the second person decides here",
    "pledges_refund_request": "granted or declined here",
    "pledges_offline_given_back": "money goes back by hand",
    "pledges_settlement_pause": "pauses and resumes the debits",
    "pledges_account": "leads to where the payouts' bank account is changed (its POST; looking is free)",
    "pledges_taxes": "what taxes are charged",
    "pledges_tax": "what taxes are charged",
    "pledges_accounts": "where the books go",
    "pledges_tax_report": "an export",
    "pledges_owed": "an export",
    "pledges_journal": "an export",
    "pledges_list_backers": "names and addresses leave",
    "pledges_list_labels": "names and addresses leave",
    "pledges_list_pick_up": "names leave",
    "pledges_list_pick_up_page": "names, to be printed",
    "pledges_fulfilment_csv_template": "names leave",
}
TRIES = "a rehearsal: no money of anyone's"
LOOKS, HANDS_OVER, ASKS, ENTERS = "only shows", "hands rewards over", "asks backers", "only adds what came in"
NOT_FRESH = {
    "pledges_links_revoke": "ends links and mails new ones to the address on file: nobody gains by it",
    "pledges_fulfilment": LOOKS,
    "pledges_fulfilment_mark": HANDS_OVER,
    "pledges_fulfilment_csv": HANDS_OVER,
    "pledges_pick_up_day": "a counter where many come: asking in between would hold them up",
    "pledges_pick_up_hand_over": HANDS_OVER,
    "pledges_pick_up_undo": HANDS_OVER,
    "pledges_problems": LOOKS,
    "pledges_problem": HANDS_OVER,
    "pledges_address_check": ASKS,
    "pledges_address_correct": HANDS_OVER,
    "pledges_surveys": LOOKS,
    "pledges_survey_add": ASKS,
    "pledges_survey": LOOKS,
    "pledges_survey_change": ASKS,
    "pledges_survey_delete": ASKS,
    "pledges_survey_open": ASKS,
    "pledges_survey_preview": LOOKS,
    "pledges_survey_question_add": ASKS,
    "pledges_survey_question": ASKS,
    "pledges_contributions": LOOKS,
    "pledges_contribution": LOOKS,
    "pledges_offline": LOOKS,
    "pledges_offline_enter": ENTERS,
    "pledges_offline_received": ENTERS,
    "pledges_offline_bounced": "a cheque that came back unpaid: no money leaves",
    "pledges_offline_end": "a promise by cheque that did not come: no money leaves",
    "pledges_unreachable": LOOKS,
    "pledges_address_good": HANDS_OVER,
    "pledges_doubt": "sends one mail again, or not",
    "pledges_lists": "counts; its files ask",
    "pledges_refunds": LOOKS,
    "pledges_refund_requests": LOOKS,
    "pledges_money": LOOKS,
    "pledges_settlement": LOOKS,
    "campaign_extend": "the public sees it, and no money moves",
    **dict.fromkeys(
        [
            *("campaign_trial", "pledges_trial", "pledges_trial_contributions", "pledges_trial_last_days"),
            *("pledges_trial_end", "pledges_trial_again", "pledges_trial_finish", "pledges_trial_mail"),
        ],
        TRIES,
    ),
    "pledges_account_return": LOOKS,
    "pledges_account_over": LOOKS,
    "pledges_payouts": LOOKS,
    "pledges_payout": LOOKS,
    "pledges_rehearsal": LOOKS,
    "pledges_report": LOOKS,
    "pledges_matching": "what a partner promised to add: no money leaves",
    "pledges_books": LOOKS,
    "campaign_sharing": LOOKS,
    "campaign_sharing_preview": "a link to a draft",
    "campaign_sharing_add": "a name to share by",
    "campaign_sharing_ambassador": "a name to share by",
}


def test_each_view_of_money_is_in_one_of_the_tables():
    asks = {one.name: hasattr(one.callback, "asks_for_recent_login") for one in urlpatterns}
    assert asks == dict.fromkeys(FRESH, True) | dict.fromkeys(NOT_FRESH, False)


#: Else whoever sits down at an open session makes themselves a treasurer, or takes the address that mails lead to.
OF_THE_HOUSE = {
    "domain": "all links and mails lead there from then on (its POSTs; looking is free)",
    "team": "invites someone who is asked for nothing more (its POST)",
    "team_member": "roles (its POSTs)",
    "team_invitation": "the same invitation again",
    "consents_file": "a list of people, with what each agreed to",
}


def test_which_views_of_the_house_ask_too():
    asks = {one.name for one in own_urls() if hasattr(one.callback, "asks_for_recent_login")}
    assert asks == OF_THE_HOUSE.keys()


@pytest.fixture
def treasurer(cooperative, settings):
    """Logged in by the form, with a clock to let the log-in grow old."""
    settings.RECENT_LOGIN_WITHIN = timedelta(minutes=15)
    user = make_user(cooperative, Role.TREASURER)
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr")
    client.post("/admin/login/", {"login": user.email, "password": "secret"})
    client.user = user
    return client


def let_grow_old(client):
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 16 * 60}]
    session.save()


def confirm(client, asked, password="secret"):
    """As the page that asks does, with what its address says follows."""
    assert asked.status_code == 302 and asked["Location"].startswith("/admin/confirm/?next="), asked
    page = client.get(asked["Location"]).content.decode()
    assert "Est-ce bien vous?" in page
    following = page.split('name="next" value="')[1].split('"')[0]
    return client.post(asked["Location"], {"password": password, "next": following})


def test_a_form_sent_too_late_is_kept_and_sent_again_by_the_person_alone(treasurer, campaign):
    with within(campaign.cooperative):
        pledge = make_pledge(campaign)
        payment = payment_of(pledge)
    address = reverse("pledges_refund_ask", args=[payment.pk])
    assert treasurer.get(address).status_code == 200
    let_grow_old(treasurer)
    sent = {"amount": "10,00", "reason": "Deux fois payé", "act": "check"}
    asked = treasurer.post(address, sent)
    assert "Ce n’est pas votre mot de passe." in confirm(treasurer, asked, "wrong").content.decode()
    assert confirm(treasurer, asked)["Location"] == address
    with within(campaign.cooperative):
        assert Refund.objects.count() == 0
    kept = treasurer.get(address).content.decode()
    assert "Rien n’a encore été fait." in kept
    assert "<li>Deux fois payé</li>" in kept and "<li>check</li>" not in kept
    for name, value in sent.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in kept
    assert "Rien n’a encore été fait." not in treasurer.get(address).content.decode()


def test_what_takes_posts_alone_is_kept_too(treasurer, campaign):
    address = reverse("pledges_settlement_pause", args=[campaign.pk])
    let_grow_old(treasurer)
    assert confirm(treasurer, treasurer.post(address, {"act": "pause"}))["Location"] == address
    kept = treasurer.get(address).content.decode()
    assert f'href="{reverse("pledges_settlement", args=[campaign.pk])}"' in kept
    with within(campaign.cooperative):
        assert Settlement.objects.exclude(paused_at=None).count() == 0
    assert treasurer.get(address).status_code == 405


def test_a_file_is_asked_for_again_on_its_page(treasurer, campaign):
    lists = f"{reverse('pledges_lists')}?campaign={campaign.pk}"
    file = f"{reverse('pledges_list_backers')}?campaign={campaign.pk}"
    report = reverse("pledges_tax_report")
    assert treasurer.get(file)["Content-Type"].startswith("text/csv")
    let_grow_old(treasurer)
    assert confirm(treasurer, treasurer.get(file))["Location"] == lists
    assert treasurer.get(file)["Content-Type"].startswith("text/csv")
    let_grow_old(treasurer)
    assert confirm(treasurer, treasurer.get(f"{report}?as=csv"))["Location"] == report


def test_looking_at_the_payment_account_asks_nothing(treasurer):
    let_grow_old(treasurer)
    assert treasurer.get(reverse("pledges_account")).status_code == 200
    assert treasurer.post(reverse("pledges_account"))["Location"].startswith("/admin/confirm/")


def test_a_role_is_asked_for_first(treasurer, campaign, outsider):
    treasurer.force_login(make_user(campaign.cooperative, Role.EDITOR))
    assert treasurer.get(reverse("pledges_refund_ask", args=[1]))["Location"] == "/admin/"
