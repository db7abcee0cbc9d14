"""Someone who works in two cooperatives goes from one to the other; nobody else does, and not twice."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from home import clock
from home.cooperatives.founding import welcome
from home.models import Membership, Role
from home.people import switching
from home.tenancy import across_cooperatives
from tests.factories.cooperatives import make_user
from tests.leading import led_to

PROOF = [{"method": "password", "at": 1_700_000_000.5, "email": "x@y.example"}, {"method": "mfa", "at": 1_700_000_001}]


@pytest.fixture
def both(cooperative, outsider):
    """An adviser of both cooperatives."""
    user = make_user(cooperative, Role.ADVISER, "deux@conseil.example", last_name="Roy")
    welcome(user, outsider, Role.ADVISER)
    return user


def at(cooperative, user=None, **session):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    if user:
        client.force_login(user)
        kept = client.session
        kept.update(session)
        kept.save()
    return client


def way(client, there, path=""):
    """The address that the menu's button leads to."""
    answer = client.post(reverse("my_cooperatives"), {"cooperative": there.pk, "path": path})
    address = led_to(answer)
    assert address.startswith(there.root_url + "/")
    return urlsplit(address).path


def test_one_goes_on_at_the_other_host_as_oneself_with_what_one_had_proved(cooperative, outsider, both):
    ours = at(
        cooperative,
        both,
        account_authentication_methods=PROOF,
        account_authentication_methods_user=str(both.pk),
        _session_expiry=0,
    )
    address = way(ours, outsider, "/admin/campaigns/?p=2")
    theirs = at(outsider)
    page = theirs.get(address)
    assert "Continue at Le Large as Adviser Roy?" in page.content.decode()
    assert "sessionid" not in theirs.cookies
    answer = theirs.post(address)
    assert (answer.status_code, answer.url) == (302, "/admin/campaigns/?p=2")
    carried = {key: theirs.session[key] for key in switching.CARRIED}
    assert carried == {
        "account_authentication_methods": PROOF,
        "account_authentication_methods_user": str(both.pk),
        "_session_expiry": 0,
    }
    assert theirs.get(reverse("wagtailadmin_account")).status_code == 200
    assert at(outsider).post(address).status_code == 404, "used up"
    with across_cooperatives():
        assert [one.proof for one in switching.Crossing.objects.all()] == [{}]


def test_nothing_proved_before_stays_in_the_session_of_the_other_host(cooperative, outsider, both):
    theirs = at(outsider, both, account_authentication_methods=PROOF)
    assert theirs.post(way(at(cooperative, both), outsider)).status_code == 302
    assert "account_authentication_methods" not in theirs.session


def test_it_is_good_for_a_minute_at_one_host_for_someone_who_still_works_there(cooperative, outsider, both):
    client = at(cooperative, both)
    address = way(client, outsider)
    assert at(cooperative).post(address).status_code == 404
    assert at(outsider).post(address.replace("/continue/", "/continue/x")).status_code == 404
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        assert at(outsider).get(address).status_code == 404
        assert at(outsider).post(address).status_code == 404
    Membership.objects.filter(cooperative=outsider).delete()
    assert at(outsider).post(address).status_code == 404
    welcome(both, outsider, Role.EDITOR)
    both.is_active = False
    both.save()
    assert at(outsider).post(address).status_code == 404


def test_one_goes_nowhere_else(cooperative, outsider, both):
    def asked(client, **posted):
        answer = client.post(reverse("my_cooperatives"), posted)
        return answer.status_code, answer.url

    refused = (302, reverse("wagtailadmin_home"))
    mine_only = at(cooperative, make_user(cooperative, Role.OWNER))
    assert asked(mine_only, cooperative=outsider.pk) == refused
    client = at(cooperative, both)
    for path in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "admin/"):
        assert asked(client, cooperative=outsider.pk, path=path) == refused, path
    for chosen in ("", "x", "-1", "²", "9" * 30):
        assert asked(client, cooperative=chosen) == refused, chosen
    with across_cooperatives():
        assert not switching.Crossing.objects.exists()


def test_the_menu_is_for_those_who_work_in_several(cooperative, outsider, both):
    page = at(cooperative, both).get(reverse("my_cooperatives")).content.decode()
    assert (page.count("You are here"), page.count("Continue at Le Large")) == (1, 1)
    home = reverse("wagtailadmin_home")
    assert "my-cooperatives" in at(cooperative, both).get(home).content.decode()
    alone = make_user(cooperative, Role.OWNER)
    assert "my-cooperatives" not in at(cooperative, alone).get(home).content.decode()
    assert "Large" not in at(cooperative, alone).get(reverse("my_cooperatives")).content.decode()
    operator = make_user(email="ops@platform.example", is_superuser=True)
    assert "Continue at Le Large" in at(cooperative, operator).get(reverse("my_cooperatives")).content.decode()


def test_strangers_and_visitors_do_not_open_it(cooperative, outsider):
    theirs = make_user(outsider)
    answer = at(cooperative, theirs).get(reverse("my_cooperatives"))
    assert (answer.status_code, answer.url) == (302, outsider.root_url + reverse("wagtailadmin_home"))
    assert at(cooperative).get(reverse("my_cooperatives")).status_code == 302


def test_it_ends_with_the_session_that_asked_for_it(cooperative, outsider, both):
    address = way(at(cooperative, both), outsider)
    both.set_password("Four_a_pain_7")
    both.save()
    assert at(outsider).get(address).status_code == 404
    assert at(outsider).post(address).status_code == 404
