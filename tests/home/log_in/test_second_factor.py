"""A second factor that was lost, and what is told of a log-in that changes."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import caches
from django.core.management import CommandError
from django.core.management import call_command as run
from django.test import Client
from django.urls import reverse

from home.checks import recent_login_is_asked_for, second_factor_is_asked_for
from home.cooperatives import twins
from home.log_in import second_factor
from home.mail import composing
from home.models import AuditEntry, OutgoingMail, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user, welcome

pytestmark = pytest.mark.django_db


def give_application(user):
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)


def told(cooperative):
    with within(cooperative):
        acts = list(AuditEntry.objects.order_by("pk").values_list("act", "actor__email", "subject"))
        return acts, [(mail.address, composing.compose(mail).subject) for mail in OutgoingMail.objects.order_by("pk")]


@pytest.fixture
def owner(cooperative, on_host):
    client = on_host(cooperative)
    client.user = make_user(cooperative, Role.OWNER)
    client.force_login(client.user)
    return client


def test_the_direction_resets_that_of_its_own_people(owner, cooperative):
    treasurer = make_user(cooperative, Role.TREASURER)
    give_application(treasurer)
    address = reverse("second_factor_reset", args=[treasurer.pk])
    assert treasurer.email in owner.get(address).content.decode()
    assert Authenticator.objects.count() == 2
    assert second_factor.states_of([treasurer, owner.user]) == {treasurer.pk: True, owner.user.pk: False}
    owner.post(address)
    assert Authenticator.objects.count() == 0
    acts, mails = told(cooperative)
    assert acts == [("second_factor_reset", owner.user.email, f"user:{treasurer.pk}")]
    assert mails == [(treasurer.email, "Votre double authentification a changé")]
    assert owner.post(address, follow=False).status_code in {302, 404}
    assert len(told(cooperative)[0]) == 1


def test_the_direction_resets_nobody_of_elsewhere(owner, cooperative, outsider):
    both, stranger = make_user(cooperative, Role.TREASURER), make_user(outsider, Role.TREASURER)
    welcome(both, outsider, Role.EDITOR)
    for user in (both, stranger, owner.user):
        give_application(user)
    session = owner.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0}]
    session["account_authentication_methods_user"] = str(owner.user.pk)
    session.save()
    page = owner.get(reverse("second_factor_reset", args=[both.pk])).content.decode()
    assert "travaille aussi pour d’autres coopératives" in page
    for user in (both, stranger, owner.user):
        owner.post(reverse("second_factor_reset", args=[user.pk]))
    assert Authenticator.objects.count() == 6
    assert (told(cooperative), told(outsider)) == (([], []), ([], []))


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADVISER, Role.TREASURER])
def test_nobody_else_resets(on_host, cooperative, role):
    other = make_user(cooperative, Role.OWNER)
    give_application(other)
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, role))
    client.post(reverse("second_factor_reset", args=[other.pk]))
    assert second_factor.has_one(other)


def test_the_operator_resets_anybody_s(cooperative, outsider, capsys):
    user = make_user(cooperative, Role.TREASURER)
    welcome(user, outsider, Role.EDITOR)
    give_application(user)
    run("reset_second_factor", user.email.upper())
    assert not second_factor.has_one(user)
    for one in (cooperative, outsider):
        assert told(one)[0] == [("second_factor_reset", None, f"user:{user.pk}")]
    assert (len(told(cooperative)[1]), len(told(outsider)[1])) == (1, 0)
    with pytest.raises(CommandError, match="has no second factor"):
        run("reset_second_factor", user.email)
    with pytest.raises(CommandError, match="Nobody logs in"):
        run("reset_second_factor", "nobody@meule.example")


def test_a_changed_password_is_told(owner, cooperative):
    page = {"name_email-first_name": "A", "name_email-last_name": "B", "name_email-email": owner.user.email}
    page |= {"locale-preferred_language": "en", "locale-current_time_zone": "America/Toronto", "theme-theme": "system"}
    page |= {"theme-density": "default", "theme-contrast": "system", "theme-keyboard_shortcuts": "on"}
    page |= {"password-old_password": "secret", "password-new_password1": "Four_a_pain_7"}
    page |= {"password-new_password2": "Four_a_pain_7"}
    owner.post("/admin/account/", page)
    owner.user.refresh_from_db()
    assert owner.user.check_password("Four_a_pain_7")
    acts, mails = told(cooperative)
    assert acts == [("password_changed", owner.user.email, f"user:{owner.user.pk}")]
    assert mails == [(owner.user.email, "Your password was changed")]


def test_a_forgotten_password_is_written_down(cooperative):
    user = make_user(cooperative, Role.EDITOR)
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr")
    client.post("/admin/password_reset/", {"email": user.email})
    with within(cooperative):
        mail = OutgoingMail.objects.select_related("cooperative__site", "user").get(kind="password_reset")
        link = re.search(r"http\S+/password_reset/confirm/\S+", composing.compose(mail).body)[0]
    form = client.get(link.removeprefix("http://meule.localhost"))["Location"]
    client.post(form, {"new_password1": "Four_a_pain_7", "new_password2": "Four_a_pain_7"})
    assert told(cooperative)[0] == [("password_changed", user.email, f"user:{user.pk}")]
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_recovery_codes_are_renewed_and_shown_once(owner, cooperative, settings):
    give_application(owner.user)
    old = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    session = owner.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0}]
    session["account_authentication_methods_user"] = str(owner.user.pk)
    session.save()
    shown = owner.get(owner.post("/admin/two-step/recovery-codes/new/")["Location"]).content.decode()
    new = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert [code in shown for code in (*old, *new)] == [False] * 10 + [True] * 10
    assert f"{new[0]}%0D%0A{new[1]}" in shown
    assert told(cooperative)[0] == [("recovery_codes_renewed", owner.user.email, f"user:{owner.user.pk}")]


def test_the_check_before_a_deployment_complains_of_what_is_off(settings):
    settings.SECOND_FACTOR_REQUIRED_FOR, settings.RECENT_LOGIN_WITHIN = ("owner",), None
    found = [*second_factor_is_asked_for(None), *recent_login_is_asked_for(None)]
    assert [one.id for one in found] == ["home.W001", "home.W002"]
    assert "superuser, treasurer" in found[0].msg


def test_what_is_added_once_to_the_cache_of_files_is_added_once(settings, tmp_path):
    settings.CACHES = {
        "default": {
            "BACKEND": "home.file_cache.FileCache",
            "LOCATION": tmp_path / "cache",
            "OPTIONS": {"MAX_ENTRIES": 4, "CULL_FREQUENCY": 2},
        }
    }
    cache = caches["default"]
    assert (cache.add("code", 1), cache.add("code", 1)) == (True, False)
    for number in range(3):
        cache.set(f"over-{number}", 1, timeout=-1 if number else 0.01)
    for number in range(2):
        cache.set(f"more-{number}", 1, timeout=0.001)
    assert cache.get("code") == 1


def test_a_reset_ends_the_sessions_of_its_person_at_every_host(owner, cooperative):
    """Whoever found the telephone is out, on whatever host; the direction stays in."""
    treasurer, other = make_user(cooperative, Role.TREASURER), make_user(cooperative, Role.EDITOR)
    clients = [Client(HTTP_HOST=cooperative.site.hostname) for _one in range(2)]
    for client, user in zip(clients, (treasurer, other), strict=True):
        client.force_login(user)
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "at": 0}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        give_application(user)
    assert [client.get("/admin/account/").status_code for client in clients] == [200, 200]
    owner.post(reverse("second_factor_reset", args=[treasurer.pk]))
    answers = [client.get("/admin/account/") for client in (*clients, owner)]
    assert [answer.status_code for answer in answers] == [302, 200, 200]
    assert answers[0]["Location"].startswith("/admin/login/")
    assert clients[0].login(request=None, email=treasurer.email, password="secret")
    assert clients[0].get("/admin/two-step/").status_code == 200


def test_who_rehearsed_serves_one_cooperative_still(owner, cooperative):
    treasurer = make_user(cooperative, Role.TREASURER)
    welcome(treasurer, twins.found_twin(cooperative), Role.EDITOR)
    give_application(treasurer)
    owner.post(reverse("second_factor_reset", args=[treasurer.pk]))
    assert not second_factor.has_one(treasurer)
