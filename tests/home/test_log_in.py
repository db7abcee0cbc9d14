"""Logging in: the address and the password, the second factor, and what is refused."""

import re
import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import NoReverseMatch, reverse

from home.log_in import second_factor
from home.models import AuditEntry, OutgoingMail, Role, User
from home.tenancy import within
from tests.factories.cooperatives import make_user, welcome

LOG_IN, HOME, SET_UP, CODES = "/admin/login/", "/admin/", "/admin/two-step/", "/admin/two-step/recovery-codes/"
APPLICATION, PROVE, PROVE_AGAIN = "/admin/two-step/application/", "/admin/login/code/", "/admin/confirm/code/"
AT = "2026-11-28T12:00:00Z"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked(settings):
    settings.SECOND_FACTOR_REQUIRED_FOR = ("treasurer", "owner", "superuser")


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER)


@pytest.fixture
def visitor(cooperative):
    return Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr-CA", REMOTE_ADDR="203.0.113.5")


def log_in(client, user, password="secret", **more):
    return client.post(LOG_IN, {"login": user.email, "password": password, **more})


def code_of(secret, steps=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def body_of(response):
    return response.content.decode()


def add_application(client):
    """Sets one as a person does; its key."""
    page = body_of(client.get(APPLICATION))
    assert '<svg width="' in page and "&lt;svg" not in page
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)[1]
    assert client.post(APPLICATION, {"code": code_of(secret)})["Location"] == CODES
    return secret


def test_from_a_password_to_a_second_factor_and_back(visitor, owner, cooperative):
    with time_machine.travel(AT, tick=False) as clock:
        assert visitor.get(HOME)["Location"] == f"{LOG_IN}?next={HOME}"
        assert "Adresse courriel" in body_of(visitor.get(LOG_IN))
        refused = log_in(visitor, owner, "wrong")
        assert "L’adresse courriel et le mot de passe ne vont pas ensemble." in body_of(refused)
        assert log_in(visitor, owner)["Location"] == HOME
        assert visitor.get(HOME)["Location"] == visitor.get("/admin/payouts/")["Location"] == SET_UP
        why = body_of(visitor.get(SET_UP))
        assert "Votre rôle chez La Meule commune demande un second facteur." in why
        assert "meule.localhost" in why
        assert "Ce code n’est pas le bon" in body_of(visitor.post(APPLICATION, {"code": "000000"}))
        secret = add_application(visitor)
        codes = re.findall(r"<code>(\d{8})</code>", body_of(visitor.get(CODES)))
        assert (len(codes), visitor.get(HOME).status_code) == (10, 200)
        assert visitor.post(CODES)["Location"] == visitor.get(CODES)["Location"] == SET_UP
        visitor.post("/admin/logout/")

        clock.shift(60)
        assert log_in(visitor, owner)["Location"] == PROVE
        assert visitor.get(HOME)["Location"].startswith(LOG_IN)
        assert "Ce code n’est pas le bon" in body_of(visitor.post(PROVE, {"code": "123456"}))
        once = code_of(secret)
        assert visitor.post(PROVE, {"code": once})["Location"] == HOME
        assert visitor.get(HOME).status_code == 200
        visitor.post("/admin/logout/")
        log_in(visitor, owner)
        assert "il a déjà servi" in body_of(visitor.post(PROVE, {"code": once}))
        assert visitor.post(PROVE, {"code": codes[0]})["Location"] == HOME
        visitor.post("/admin/logout/")
        log_in(visitor, owner)
        assert visitor.post(PROVE, {"code": codes[0]}).status_code == 200
        assert visitor.post(PROVE, {"code": codes[1]})["Location"] == HOME
    with within(cooperative):
        assert list(AuditEntry.objects.values_list("act", "actor")) == [("second_factor_added", owner.pk)]
        assert list(OutgoingMail.objects.values_list("kind", "address")) == [("log_in_changed", owner.email)]


def test_a_session_without_the_second_factor_that_its_person_has_opens_nothing(visitor, owner):
    """It began before, in another browser."""
    log_in(visitor, owner)
    elsewhere = Client(HTTP_HOST=visitor.defaults["HTTP_HOST"])
    log_in(elsewhere, owner)
    with time_machine.travel(AT, tick=False) as clock:
        log_in(visitor, owner)
        secret = add_application(visitor)
        clock.shift(60)
        for path in (HOME, SET_UP, APPLICATION, "/admin/two-step/application/remove/", "/admin/confirm/"):
            assert elsewhere.get(path)["Location"].startswith(PROVE_AGAIN), path
        page = body_of(elsewhere.get(f"{PROVE_AGAIN}?next={HOME}"))
        assert "/admin/confirm/?" not in page
        assert elsewhere.post(PROVE_AGAIN, {"code": code_of(secret), "next": HOME})["Location"] == HOME
        assert elsewhere.get(HOME).status_code == 200


@pytest.mark.parametrize(
    ("role", "led"), [(Role.EDITOR, False), (Role.ADVISER, False), (Role.TREASURER, True), (Role.OWNER, True)]
)
def test_who_must_have_one(visitor, cooperative, role, led):
    log_in(visitor, make_user(cooperative, role))
    answer = visitor.get(HOME)
    assert (answer.status_code, answer.headers.get("Location")) == ((302, SET_UP) if led else (200, None))


def test_the_role_is_that_of_the_host(cooperative, outsider):
    user = make_user(cooperative, Role.EDITOR)
    welcome(user, outsider, Role.OWNER)
    here, there = (Client(HTTP_HOST=one.site.hostname) for one in (cooperative, outsider))
    log_in(here, user)
    log_in(there, user)
    assert (here.get(HOME).status_code, there.get(HOME)["Location"]) == (200, SET_UP)


def test_an_operator_must_have_one(visitor):
    log_in(visitor, User.objects.create_superuser("root@tremplin.example", "secret"))
    assert visitor.get("/admin/users/")["Location"] == SET_UP


def test_many_attempts_are_held_back_by_address_and_by_network(visitor, owner, outsider):
    for _attempt in range(5):
        assert "ne vont pas ensemble" in body_of(log_in(visitor, owner, "wrong"))
    elsewhere = Client(HTTP_HOST=outsider.site.hostname, REMOTE_ADDR="198.51.100.9")
    for client in (visitor, elsewhere):
        assert "Trop d’essais" in body_of(log_in(client, owner))
    for number in range(24):
        visitor.post(LOG_IN, {"login": f"{number}@meule.example", "password": "wrong"})
    flooded = log_in(visitor, owner)
    assert (flooded.status_code, "Trop d’essais" in body_of(flooded)) == (429, True)


@pytest.mark.parametrize(
    "name", ["signup", "email", "inactive", "reset_password", "change_password", "request_reauthentication_code"]
)
def test_nothing_of_allauth_is_there_that_is_not_used(name):
    with pytest.raises(NoReverseMatch):
        reverse(f"account_{name}")


def test_after_logging_in_one_stays_on_this_host(visitor, owner, outsider):
    for there in (f"http://{outsider.site.hostname}/admin/", "https://evil.example/", "//evil.example/"):
        assert log_in(visitor, owner, next=there)["Location"] == HOME
        visitor.post("/admin/logout/")
    assert log_in(visitor, owner, next="/admin/account/")["Location"] == "/admin/account/"


def test_someone_of_no_cooperative_may_log_in_as_someone_else(visitor, cooperative):
    log_in(visitor, make_user())
    assert visitor.get(HOME)["Location"].startswith(LOG_IN)
    assert visitor.get(LOG_IN).status_code == 200
    assert log_in(visitor, make_user(cooperative, Role.EDITOR))["Location"] == HOME
    assert visitor.get(HOME).status_code == 200


def test_a_closed_account_does_not_open(visitor, owner):
    User.objects.update(is_active=False)
    assert log_in(visitor, owner)["Location"] == LOG_IN
    assert "Ce compte est fermé." in body_of(visitor.get(LOG_IN))


def test_a_key_lies_encrypted(visitor, owner):
    log_in(visitor, owner)
    secret = add_application(visitor)
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert (secret in stored, second_factor.has_one(owner)) == (False, True)


def test_what_is_sent_too_late_about_a_log_in_is_not_done_after_the_proof(visitor, owner, settings):
    """django-allauth would keep it and do it, past the middleware."""
    settings.RECENT_LOGIN_WITHIN = timedelta(minutes=15)
    with time_machine.travel(AT, tick=False) as clock:
        log_in(visitor, owner)
        secret = re.search(r"<code>([A-Z2-7]{32})</code>", body_of(visitor.get(APPLICATION)))[1]
        clock.shift(16 * 60)
        asked = visitor.post(APPLICATION, {"code": code_of(secret)})
        assert asked["Location"].startswith("/admin/confirm/")
        done = visitor.post("/admin/confirm/", {"password": "secret", "next": APPLICATION})
        assert (done["Location"], second_factor.has_one(owner)) == (APPLICATION, False)
        add_application(visitor)
