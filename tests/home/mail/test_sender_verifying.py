"""The sending address is verified from its own mailbox, and no longer once another one is set."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from home import clock
from home.mail import sender_verifying
from home.models import Cooperative, OutgoingMail, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user


@pytest.fixture
def path(cooperative):
    """Of the link in the mail that was asked for."""
    with within(cooperative):
        sender_verifying.ask(cooperative, by=make_user(cooperative, Role.OWNER, "boss@meule.example"))
        mail = OutgoingMail.objects.select_related("cooperative__site").get()
        assert (mail.address, mail.kind) == (cooperative.sender_email, "sender_check")
        return urlsplit(sender_verifying.url_for(mail)).path


def verified(cooperative):
    return Cooperative.objects.get(pk=cooperative.pk).sender_verified_at is not None


def test_a_look_asks_and_a_post_verifies_once(cooperative, path, on_host):
    client = on_host(cooperative)
    assert client.get(path).status_code == 200
    assert not verified(cooperative)
    for _time in range(2):
        assert client.post(path).status_code == 200
    assert verified(cooperative)


def test_another_address_is_not_verified_by_it(cooperative, path, on_host):
    on_host(cooperative).post(path)
    mine = Cooperative.objects.get(pk=cooperative.pk)
    mine.phone = "418 555-0100"
    mine.save(update_fields=["phone"])
    assert verified(cooperative)
    mine.sender_email = "autre@meule.example"
    mine.save(update_fields=["sender_email"])
    assert not verified(cooperative)
    assert on_host(cooperative).post(path).status_code == 410
    assert not verified(cooperative)


def test_it_opens_nothing_elsewhere_or_too_late(cooperative, outsider, path, on_host):
    assert on_host(outsider).post(path).status_code == 410
    with time_machine.travel(clock.now() + timedelta(days=9), tick=False):
        assert on_host(cooperative).post(path).status_code == 410
    assert on_host(cooperative).post("/fr/adresse-d-envoi/x/").status_code == 410
    assert not verified(cooperative)
    assert not verified(outsider)


@pytest.mark.parametrize(("role", "sent"), [(Role.OWNER, 1), (Role.EDITOR, 0), (Role.ADVISER, 0), (Role.TREASURER, 0)])
def test_the_direction_asks_for_it(cooperative, role, sent):
    client = Client(HTTP_HOST=cooperative.site.hostname)
    client.force_login(make_user(cooperative, role))
    client.post(reverse("sender_verification"))
    with within(cooperative):
        assert OutgoingMail.objects.count() == sent
