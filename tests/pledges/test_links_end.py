"""Links end: all that a backer has, when new ones are asked for or the team says so; those that grant much, by use."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from home import clock
from home.mail import composing
from home.models import AuditEntry, Backer, OutgoingMail, Role
from home.tenancy import within
from pledges import data_links, erasing, renewing
from pledges.data_links import Act
from pledges.links import contribution_token
from pledges.models import DataRequest, Pledge
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update
from updates import reading

pytestmark = pytest.mark.usefixtures("inside")


def url(name, *args):
    with translation.override("en"):
        return reverse(name, args=args)


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


@pytest.fixture
def links_of(campaign):
    """Three of one backer: to two contributions of one campaign, and to an update."""
    pledge = make_pledge(campaign, email="zoe@courriel.example", language="en")
    other = make_pledge(campaign, email="zoe@courriel.example", language="en")
    update = make_update(campaign)
    return [
        url("contribution", contribution_token(pledge)),
        url("contribution", contribution_token(other)),
        url("update_by_link", reading.token_for(update, pledge.backer)),
        url("update_question_by_link", reading.token_for(update, pledge.backer)),
    ]


def opened(visitor, addresses):
    return [visitor.get(one).status_code for one in addresses]


def test_who_asks_for_new_links_ends_those_to_updates_too(visitor, campaign, links_of):
    stranger = make_pledge(campaign, language="en")
    kept = url("contribution", contribution_token(stranger))
    assert opened(visitor, links_of) == [200, 200, 200, 200]
    visitor.post(url("contribution_link"), {"email": "zoe@courriel.example"})
    assert opened(visitor, links_of)[1:] == [410, 410, 410]
    assert opened(visitor, [kept]) == [200]
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer").get(kind="link_renewed")
    fresh = re.search(r"https?://[^/]+(/en/contribute/my/\S+)", composing.compose(mail).body)[1]
    assert opened(visitor, [fresh]) == [200]
    backer = Backer.objects.get(email="zoe@courriel.example")
    update = reading.Update.objects.get()
    assert opened(visitor, [url("update_by_link", reading.token_for(update, backer))]) == [200]


def test_the_team_ends_every_link_of_someone_and_has_a_new_one_sent(visitor, cooperative, links_of):
    pledge = Pledge.objects.filter(backer__email="zoe@courriel.example").first()
    address = reverse("pledges_links_revoke", args=[pledge.pk])
    visitor.force_login(make_user(cooperative, Role.ADVISER))
    assert visitor.post(address).status_code != 200 and opened(visitor, links_of) == [200, 200, 200, 200]
    visitor.force_login(make_user(cooperative, Role.EDITOR, "e@meule.example"))
    assert visitor.get(address).status_code == 405
    assert "Révoquer les liens" in visitor.get(reverse("pledges_contribution", args=[pledge.pk])).content.decode()
    assert visitor.post(address).status_code == 302
    assert opened(visitor, links_of) == [410, 410, 410, 410]
    assert OutgoingMail.objects.filter(kind="link_renewed").count() == 1
    assert AuditEntry.objects.get(act="links_revoked").subject == f"pledge:{pledge.pk}"


def test_revoking_never_fails_because_others_asked_often(links_of, visitor, cooperative):
    backer = Backer.objects.get(email="zoe@courriel.example")
    for _asked in range(5):
        renewing.renew(cooperative, "zoe@courriel.example")
    held = url("contribution", contribution_token(Pledge.objects.filter(backer=backer).latest("pk")))
    assert opened(visitor, [held]) == [200]
    renewing.revoke(backer)
    assert opened(visitor, [held]) == [410]


def test_another_cooperative_revokes_nothing(links_of, outsider, on_host, visitor, client):
    pledge = Pledge.objects.first()
    with within(outsider):
        make_campaign(outsider)
    client.force_login(make_user(outsider, Role.OWNER))
    address = reverse("pledges_links_revoke", args=[pledge.pk])
    assert client.post(address, HTTP_HOST=outsider.site.hostname, follow=True).status_code == 404
    assert opened(visitor, links_of) == [200, 200, 200, 200]


# What grants much


@pytest.fixture
def free(campaign):
    """A contribution that nothing keeps from being erased."""
    pledge = make_pledge(campaign, rewards=[], extra=2500, language="en")
    end_now(campaign)
    campaign.state = "ended"
    campaign.save()
    return pledge


def token_for(pledge, act):
    assert data_links.ask(pledge, act)
    return data_links.token_of(DataRequest.objects.latest("pk"), act)


def is_erased(pledge):
    return Backer.objects.get(pk=pledge.backer_id).erased_at is not None


def test_the_page_of_a_contribution_erases_nothing(visitor, free):
    own = url("contribution_erase", contribution_token(free))
    assert visitor.post(own).status_code == 303
    assert not is_erased(free)
    assert OutgoingMail.objects.filter(kind="data_to_erase", address=free.backer.email).count() == 1


def test_a_look_at_the_mailed_link_erases_nothing_and_a_post_does_once(visitor, free):
    page = url("data_erase", token_for(free, Act.ERASE))
    for method in (visitor.get, visitor.head):
        assert method(page).status_code == 200
    assert not is_erased(free)
    assert visitor.post(page).status_code == 200
    assert is_erased(free)
    assert DataRequest.objects.latest("pk").used_at
    assert [visitor.post(page).status_code, visitor.get(page).status_code] == [410, 410]


def test_each_mailed_link_is_for_its_act_its_week_and_its_cooperative(visitor, free, outsider, client):
    export, erase = (token_for(free, act) for act in (Act.EXPORT, Act.ERASE))
    for name, token in (("data_download", erase), ("data_erase", export), ("contribution", erase)):
        assert visitor.post(url(name, token)).status_code == 410, name
    with within(outsider):
        make_campaign(outsider)
    assert client.post(url("data_erase", erase), HTTP_HOST=outsider.site.hostname).status_code == 410
    with time_machine.travel(clock.now() + timedelta(days=9)):
        assert visitor.post(url("data_erase", erase)).status_code == 410
    assert not is_erased(free)


def test_what_is_stored_of_a_mailed_link_opens_nothing(visitor, free):
    token_for(free, Act.EXPORT)
    for name in ("data_download", "data_erase"):
        assert visitor.post(url(name, DataRequest.objects.get().key)).status_code == 410
    assert str(DataRequest.objects.get().key) not in data_links.token_of(DataRequest.objects.get(), Act.EXPORT)


def test_no_link_opens_anything_once_its_backer_is_erased(visitor, free):
    tokens = {name: token_for(free, act) for name, act in (("data_download", Act.EXPORT), ("data_erase", Act.ERASE))}
    tokens["contribution"] = contribution_token(free)
    assert erasing.erase(free) == ""
    for name, token in tokens.items():
        assert visitor.post(url(name, token)).status_code == 410, name
