"""Whom no mail reaches: listed with what they are owed, until their address changes or someone knows better."""

import pytest
from django.urls import reverse

from home import backing, clock, formats, outbox
from home.mail.registry import kind_of
from home.models import MailState, OutgoingMail, Role, Suppression
from home.tenancy import across_cooperatives, within
from pledges import unreachable
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer, make_pledge
from tests.pledges.test_refund_views import text_of

ADDRESS = "rosalie@courriel.example"


@pytest.fixture
def login(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    def as_role(role, at=None):
        client.force_login(make_user(at or cooperative, role))
        return client

    return as_role


def refuse(pledge, address=ADDRESS):
    with within(pledge.cooperative):
        backing.suppress(pledge.cooperative, address, backing.BOUNCED)


def listed(cooperative):
    with within(cooperative):
        return [(backer.email, backer.why) for backer in unreachable.backers_of(cooperative)]


def tried(pledge, state, address=None, kind="pledge_confirmed", number=1):
    with within(pledge.cooperative):
        outbox.queue(
            kind_of(kind), cooperative=pledge.cooperative, subject_key=f"x:{number}", to=pledge.backer, facts={}
        )
        mine = OutgoingMail.objects.filter(subject_key=f"x:{number}")
        mine.update(state=state, **({"address": address} if address else {}))


def test_who_is_unreachable_is_shown_with_what_they_are_owed(login, campaign, cooperative):
    with within(cooperative):
        box = campaign.rewards.order_by("position").last()
    make_pledge(campaign, rewards=[(box, 2)], backer_name="Rosalie Roy", email=ADDRESS, language="en")
    mending = make_pledge(campaign, backer_name="Marc Mend", email="m@x.example", payment_state=PaymentState.MEND)
    make_pledge(campaign, backer_name="Zoé Fine", email="zoe@x.example")
    refuse(mending)
    refuse(mending, "M@x.example")
    shown = text_of(login(Role.EDITOR).get(reverse("pledges_unreachable")))
    for said in (
        "Rosalie Roy",
        ADDRESS,
        "Get the millstone turning",
        "The miller's box, 2: expected in October 2027",
    ):
        assert said in shown
    assert "Payment to mend: " + formats.money(mending.amount, "CAD", "en", exact=True) in shown
    assert "Zoé Fine" not in shown


def test_it_is_about_the_address_of_now(campaign, cooperative):
    pledge = make_pledge(campaign, email=ADDRESS)
    refuse(pledge)
    assert listed(cooperative) == [(ADDRESS, unreachable.REFUSED)]
    backer = pledge.backer
    backer.email = backer.email_key = "nouvelle@courriel.example"
    backer.save()
    assert listed(cooperative) == []


def test_a_complaint_lists_nobody(campaign, cooperative, inside):
    make_pledge(campaign, email=ADDRESS)
    backing.suppress(cooperative, ADDRESS, backing.COMPLAINED)
    assert listed(cooperative) == []


def test_a_mail_about_money_that_did_not_arrive_lists_its_reader_until_one_does(campaign, cooperative):
    pledge = make_pledge(campaign, email=ADDRESS)
    tried(pledge, MailState.SENT, number=1)
    assert listed(cooperative) == []
    tried(pledge, MailState.FAILED, number=2)
    assert listed(cooperative) == [(ADDRESS, unreachable.FAILED)]
    tried(pledge, MailState.FAILED, number=3, kind="update_published")
    tried(pledge, MailState.QUEUED, number=4)
    assert listed(cooperative) == [(ADDRESS, unreachable.FAILED)]
    tried(pledge, MailState.SENT, number=5)
    assert listed(cooperative) == []
    tried(pledge, MailState.FAILED, number=6, address="ancienne@courriel.example")
    assert listed(cooperative) == []


@pytest.mark.parametrize("spare", ["erased", "follower", "unfinished"])
def test_who_is_owed_nothing_by_us_is_not_listed(campaign, cooperative, inside, spare):
    if spare == "follower":
        make_backer(cooperative, email=ADDRESS)
    else:
        pledge = make_pledge(campaign, email=ADDRESS, paid=False)
        if spare == "erased":
            type(pledge.backer).objects.update(erased_at=pledge.created_at)
        else:
            type(pledge).objects.update(state=PledgeState.LAPSED)
    backing.suppress(cooperative, ADDRESS, backing.BOUNCED)
    assert listed(cooperative) == []


def test_someone_knows_that_the_address_works(login, campaign, cooperative):
    pledge = make_pledge(campaign, email=ADDRESS)
    refuse(pledge)
    address, client = reverse("pledges_address_good", args=[pledge.backer_id]), login(Role.OWNER)
    assert client.get(address).status_code == 405
    assert listed(cooperative) != []
    for _time in range(2):
        assert client.post(address).status_code == 302
    assert listed(cooperative) == []


@pytest.mark.parametrize(("role", "opens"), [(Role.EDITOR, 200), (Role.OWNER, 200), (Role.TREASURER, 302)])
def test_roles(login, campaign, cooperative, role, opens):
    pledge = make_pledge(campaign, email=ADDRESS)
    refuse(pledge)
    client = login(role)
    assert client.get(reverse("pledges_unreachable")).status_code == opens
    client.post(reverse("pledges_address_good", args=[pledge.backer_id]))
    assert (listed(cooperative) == []) is (opens == 200)


def test_nothing_of_another_cooperative(login, campaign, cooperative, outsider):
    theirs = make_pledge(make_campaign(outsider), backer_name="Zanzibar", email=ADDRESS)
    ours = make_pledge(campaign, backer_name="Mistral", email=ADDRESS)
    refuse(theirs)
    client = login(Role.OWNER)
    assert "Zanzibar" not in text_of(client.get(reverse("pledges_unreachable")))
    assert client.post(reverse("pledges_address_good", args=[theirs.backer_id])).status_code in {302, 404}
    assert listed(outsider) != []
    assert listed(cooperative) == []
    refuse(ours)
    assert client.post(reverse("pledges_address_good", args=[ours.backer_id])).status_code == 302
    assert listed(outsider) == [(ADDRESS, unreachable.REFUSED)]
    with within(outsider):
        assert Suppression.objects.count() == 1


def test_the_first_page_says_how_many(login, campaign, cooperative):
    refuse(make_pledge(campaign, email=ADDRESS))
    assert "1 email address is to be corrected" in text_of(login(Role.EDITOR).get(reverse("wagtailadmin_home")))


def test_the_list_costs_the_same_for_one_and_three(login, campaign):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counts = login(Role.EDITOR), []
    for number in range(3):
        pledge = make_pledge(campaign, email=f"{number}@x.example")
        refuse(pledge, f"{number}@x.example")
        client.get(reverse("pledges_unreachable"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("pledges_unreachable"))
        counts.append(len(queries))
    assert counts[0] == counts[2]


def test_what_is_handed_over_is_no_longer_owed(login, campaign):
    pledge = make_pledge(campaign, email=ADDRESS)
    refuse(pledge)
    with within(campaign.cooperative):
        pledge.items.update(state=FulfilmentState.DELIVERED)
    assert "Nothing" in text_of(login(Role.EDITOR).get(reverse("pledges_unreachable")))


@pytest.mark.parametrize("complained_first", [True, False])
def test_an_address_that_works_again_is_not_one_that_wants_news_again(login, campaign, complained_first):
    """Who complained gets no news, whatever the address did before or since."""
    pledge = make_pledge(campaign, email=ADDRESS)
    tried(pledge, MailState.SENT)
    with within(pledge.cooperative):
        reasons = [backing.COMPLAINED, backing.BOUNCED]
        for reason in reasons if complained_first else reversed(reasons):
            backing.suppress(pledge.cooperative, ADDRESS, reason)
        OutgoingMail.objects.filter(subject_key="x:1").update(complained_at=clock.now(), address=ADDRESS.upper())
    login(Role.EDITOR).post(reverse("pledges_address_good", args=[pledge.backer_id]))
    with within(pledge.cooperative):
        assert list(Suppression.objects.values_list("reason", flat=True)) == [backing.COMPLAINED]
        assert backing.is_suppressed(pledge.cooperative, ADDRESS)
    assert listed(pledge.cooperative) == []


def test_mails_in_doubt_are_listed_and_settled_by_hand(login, campaign, outsider):
    """Those of a mailing are settled on its own page; another cooperative's are not found."""
    pledge = make_pledge(campaign, backer_name="Rosalie Roy", email=ADDRESS, language="en")
    theirs = make_pledge(make_campaign(outsider, title="Le phare"), backer_name="Théo Ici", email="theo@x.example")
    for number in (1, 2, 3):
        tried(pledge, MailState.IN_DOUBT, number=number)
    tried(theirs, MailState.IN_DOUBT, number=9)
    with within(campaign.cooperative):
        OutgoingMail.objects.filter(subject_key="x:3").update(batch="mailing:1")
        OutgoingMail.objects.filter(subject_key="x:1").update(
            subject_key=pledge.key, facts={"charge_on": None}, occasion="again"
        )
        first, second = OutgoingMail.objects.filter(batch="").order_by("pk")
    with within(outsider):
        other = OutgoingMail.objects.get(subject_key="x:9")
    client = login(Role.EDITOR)
    shown = text_of(client.get(reverse("pledges_unreachable")))
    assert shown.count("It did not leave: send again") == 2
    assert "Théo" not in shown
    for mail, it in ((first, "left"), (first, "again"), (second, "again")):
        client.post(reverse("pledges_doubt", args=[mail.pk]), {"it": it})
    found = client.post(reverse("pledges_doubt", args=[other.pk]), {"it": "left"}, follow=True)
    assert found.status_code == 404
    assert client.get(reverse("pledges_doubt", args=[second.pk])).status_code == 405
    states = [MailState.SENT, MailState.QUEUED, MailState.IN_DOUBT, MailState.IN_DOUBT]
    with across_cooperatives():
        assert [mail.state for mail in OutgoingMail.objects.filter(kind="pledge_confirmed").order_by("pk")] == states
    assert "Emails in doubt" not in text_of(client.get(reverse("pledges_unreachable")))
