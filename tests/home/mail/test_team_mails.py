"""What people of a team switch off is not sent to them, in that cooperative; what is required is."""

import pytest
from django.test import Client
from django.urls import reverse

from home import outbox
from home.mail import composing, team_mails
from home.mail.registry import all_kinds, kind_of
from home.models import MailState, OutgoingMail, Role, TeamMailChoice
from home.tenancy import across_cooperatives, within
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user

OPTIONAL = "campaign_outcome"


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative, Role.EDITOR)


def visit(cooperative, user, **options):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en", **options)
    client.force_login(user)
    return client


def all_but(*keys):
    return {"wanted": [kind.key for kind in team_mails.optional_kinds() if kind.key not in keys]}


def outcome_of(campaign, user):
    """The state in which a mail about the end of a campaign ends."""
    with within(campaign.cooperative):
        key = f"campaign:{campaign.pk}"
        outbox.queue(kind_of(OPTIONAL), cooperative=campaign.cooperative, subject_key=key, to=user)
        mail = OutgoingMail.objects.select_related("cooperative__site", "user").get(kind=OPTIONAL, user=user)
    outbox.send_due()
    with across_cooperatives():
        return OutgoingMail.objects.get(pk=mail.pk).state


def test_what_is_switched_off_is_not_sent(campaign, cooperative, editor, mailoutbox):
    address = reverse("team_mails")
    assert visit(cooperative, editor).post(address, all_but(OPTIONAL)).status_code == 302
    assert (outcome_of(campaign, editor), mailoutbox) == (MailState.SUPPRESSED, [])


def test_nothing_said_is_yes_and_yes_may_be_said_again(campaign, cooperative, editor, mailoutbox):
    client = visit(cooperative, editor)
    for chosen in (all_but(OPTIONAL), all_but()):
        client.post(reverse("team_mails"), chosen)
    assert (outcome_of(campaign, editor), len(mailoutbox)) == (MailState.SENT, 1)
    with within(cooperative):
        assert TeamMailChoice.objects.filter(user=editor).count() == len(team_mails.optional_kinds())


def test_it_is_asked_where_one_works_and_holds_there_only(campaign, cooperative, outsider, editor, mailoutbox):
    from home.cooperatives.founding import welcome

    welcome(editor, outsider, Role.EDITOR)
    visit(outsider, editor).post(reverse("team_mails"), all_but(OPTIONAL))
    assert outcome_of(campaign, editor) == MailState.SENT
    assert outcome_of(make_campaign(outsider), editor) == MailState.SUPPRESSED


def test_what_is_required_cannot_be_switched_off(cooperative, editor, inside):
    required = {"refund_to_approve", "refund_to_decide", "refund_bounced", "dispute_opened", "payments_trouble"}
    required |= {"log_in_changed", "sender_check", "mailing_paused", "problem_reported"}
    assert required & {kind.key for kind in team_mails.optional_kinds()} == set()
    TeamMailChoice.objects.create(cooperative=cooperative, user=editor, kind="payments_trouble", wanted=False)
    mail = outbox.mail_for(kind_of("payments_trouble"), cooperative=cooperative, subject_key="x", to=editor)
    assert team_mails.is_wanted(mail)
    client = visit(cooperative, editor)
    assert client.post(reverse("team_mails"), {"wanted": ["payments_trouble"]}).status_code == 200
    assert not TeamMailChoice.objects.filter(wanted=True).exists()


def test_backers_choose_nothing_here():
    assert [kind.key for kind in all_kinds() if kind.choice and kind.category != "team"] == []


@pytest.mark.parametrize("role", list(Role))
def test_everyone_of_the_team_opens_it_and_a_look_keeps_nothing(cooperative, role):
    client = visit(cooperative, make_user(cooperative, role))
    page = client.get(reverse("team_mails")).content.decode()
    assert page.count('type="checkbox"') == page.count(" checked") == len(team_mails.optional_kinds())
    with across_cooperatives():
        assert not TeamMailChoice.objects.exists()


def test_strangers_do_not(cooperative, outsider):
    theirs = make_user(outsider)
    assert visit(cooperative, theirs).post(reverse("team_mails"), all_but()).status_code == 302
    assert Client(HTTP_HOST=cooperative.site.hostname).get(reverse("team_mails")).status_code == 302
    with across_cooperatives():
        assert not TeamMailChoice.objects.exists()


def test_the_footer_and_the_account_lead_there(campaign, cooperative, editor, inside):
    outbox.queue(kind_of(OPTIONAL), cooperative=cooperative, subject_key=f"campaign:{campaign.pk}", to=editor)
    message = composing.compose(OutgoingMail.objects.select_related("cooperative__site", "user").get())
    address = cooperative.root_url + reverse("team_mails")
    assert address in message.body
    assert address in message.alternatives[0].content
    account = visit(cooperative, editor).get(reverse("wagtailadmin_account"))
    assert reverse("team_mails") in account.content.decode()
