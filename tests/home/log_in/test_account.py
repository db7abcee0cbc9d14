"""One's own address: asked for again before it changes, told to the address that served, never somebody else's."""

from datetime import timedelta

import pytest
from django.test import Client

from home.mail import composing
from home.models import AuditEntry, OutgoingMail, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user

pytestmark = pytest.mark.django_db

FORM = {
    "name_email-first_name": "Aline",
    "name_email-last_name": "Roy",
    "locale-preferred_language": "fr",
    "locale-current_time_zone": "America/Toronto",
    "theme-theme": "system",
    "theme-density": "default",
    "theme-contrast": "system",
    "theme-keyboard_shortcuts": "on",
}


@pytest.fixture
def editor(cooperative):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr")
    client.user = make_user(cooperative, Role.EDITOR)
    client.force_login(client.user)
    return client


def changed_to(client, address):
    answer = client.post("/admin/account/", FORM | {"name_email-email": address})
    client.user.refresh_from_db()
    return answer


def test_another_address_is_written_down_and_told_to_the_one_before(editor, cooperative):
    assert changed_to(editor, "aline@exemple.example").status_code == 302
    assert editor.user.email == "aline@exemple.example"
    with within(cooperative):
        facts = {"before": "editor@meule.example", "after": "aline@exemple.example"}
        assert list(AuditEntry.objects.values_list("act", "facts")) == [("address_changed", facts)]
        mail = OutgoingMail.objects.get()
        assert mail.address == "editor@meule.example"
        message = composing.compose(mail)
        assert message.to == ["editor@meule.example"]
        assert message.subject == "L’adresse de votre connexion a changé"
        assert "aline@exemple.example" in message.body
    changed_to(editor, "aline@exemple.example")
    with within(cooperative):
        assert OutgoingMail.objects.count() == 1


def test_it_asks_who_it_is_again_for_another_address_alone(editor, settings):
    settings.RECENT_LOGIN_WITHIN = timedelta(minutes=15)
    assert changed_to(editor, "evil@exemple.example")["Location"].startswith("/admin/confirm/?next=")
    assert editor.user.email == "editor@meule.example"
    assert changed_to(editor, "editor@meule.example")["Location"] == "/admin/account/"
    assert editor.user.first_name == "Aline"


def test_it_is_nobody_else_s_in_any_capitals(editor, cooperative):
    make_user(cooperative, Role.OWNER)
    answer = changed_to(editor, "Owner@Meule.example")
    assert "Quelqu’un d’autre se connecte avec cette adresse." in answer.content.decode()
    assert editor.user.email == "editor@meule.example"
