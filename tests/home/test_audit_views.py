"""The direction reads what was done in its own cooperative, newest first, narrowed, and as a file."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from home import audit, clock
from home.cooperatives import settings_forms
from home.log_in import watch as log_in_watch
from home.models import AuditEntry, Role
from home.people import team
from home.tenancy import within
from tests.factories.cooperatives import make_user

PAID = audit.act("tested_payment", "Tested payment", is_money=True)


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER, last_name="Roy")


def at(cooperative, user, language="fr"):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client


def text_of(answer):
    return b"".join(answer).decode().removeprefix("\ufeff")


def test_amounts_people_and_periods(cooperative, outsider, owner):
    with within(cooperative):
        with time_machine.travel(clock.now() - timedelta(days=40), tick=False):
            audit.record(PAID, cooperative=cooperative, by=None, amount=125050, currency="CAD")
        team.set_roles(cooperative, make_user(cooperative), {Role.ADVISER}, by=owner)
    with within(outsider):
        audit.record(PAID, cooperative=outsider, by=make_user(outsider, last_name="Zanzibar"), amount=1, currency="CAD")
    client, address = at(cooperative, owner), reverse("audit")
    page = client.get(address)
    words = page.content.decode()
    assert [line.act for line in page.context["lines"]] == ["Rôles changés", "Tested payment"]
    assert [line.who for line in page.context["lines"]] == ["Owner Roy <owner@meule.example>", "Automatique"]
    assert page.context["lines"][1].facts == ["Montant\u00a0: 1\u00a0250,50\u00a0$"]
    assert page.context["lines"][0].facts[1:] == ["Avant\u00a0: Rédaction", "Après\u00a0: Accompagnement"]
    assert "Zanzibar" not in words
    since = (clock.now() - timedelta(days=2)).date().isoformat()
    for asked, found in (
        ({"person": "-"}, ["Tested payment"]),
        ({"person": "Owner Roy <owner@meule.example>"}, ["Rôles changés"]),
        ({"act": PAID}, ["Tested payment"]),
        ({"since": since}, ["Rôles changés"]),
        ({"until": since}, ["Tested payment"]),
        ({"since": "jamais"}, ["Rôles changés", "Tested payment"]),
        ({"person": "Zanzibar"}, ["Rôles changés", "Tested payment"]),
        ({"until": "9999-12-31"}, ["Rôles changés", "Tested payment"]),
    ):
        assert [line.act for line in client.get(address, asked).context["lines"]] == found, asked
    english = at(cooperative, owner, "en").get(address)
    assert "Amount: $1,250.50" in english.content.decode()


def test_the_file_is_an_entry_itself_and_holds_no_formula(cooperative, owner):
    formula = make_user(cooperative)
    formula.first_name = "=1+1"
    with within(cooperative):
        audit.record(PAID, cooperative=cooperative, by=formula, note="=2+2")
    file = text_of(at(cooperative, owner).get(reverse("audit"), {"act": PAID, "as": "csv"}))
    assert len(file.splitlines()) == 2
    assert "'=1+1" in file
    with within(cooperative):
        assert AuditEntry.objects.filter(act="exported", actor=owner).count() == 1
    at(cooperative, owner).get(reverse("audit"), {"since": "x", "as": "csv"})
    with within(cooperative):
        assert AuditEntry.objects.filter(act="exported").count() == 1


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADVISER, Role.TREASURER])
def test_it_is_the_direction_s(cooperative, role):
    client = at(cooperative, make_user(cooperative, role))
    assert client.get(reverse("audit")).status_code == 302
    assert client.get(reverse("audit"), {"as": "csv"}).status_code == 302


def test_it_costs_as_many_queries_however_long(cooperative, owner):
    client, counts = at(cooperative, owner), []
    for number in (1, 2):
        with within(cooperative):
            for _time in range(number):
                audit.record(PAID, cooperative=cooperative, by=owner, subject=owner, amount=5)
        client.get(reverse("audit"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("audit"))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_what_the_platform_changes_is_told_in_words(cooperative, owner):
    changes = {"commission_basis_points": [500, 300], "second_person_above": [50_000, 25_000], "listed": [False, True]}
    with within(cooperative):
        audit.record(settings_forms.PLATFORM_CHANGED, cooperative=cooperative, by=owner, changes=changes)
    line = at(cooperative, owner).get(reverse("audit")).context["lines"][0]
    assert line.facts == [
        "Modifications\u00a0: Commission\u00a0: 5\u00a0% → 3\u00a0%; "
        "Deuxième personne au-delà de\u00a0: 500,00\u00a0$ → 250,00\u00a0$; "
        "Montrée sur la page de découverte de la plateforme\u00a0: non → oui"
    ]


def test_the_list_counts_its_lines_in_the_readers_language(cooperative, owner):
    with within(cooperative):
        for _time in range(2):
            audit.record(PAID, cooperative=cooperative, by=owner)
    assert "2 dans cette liste" in at(cooperative, owner).get(reverse("audit")).content.decode()
    assert "2 in this list" in at(cooperative, owner, "en").get(reverse("audit")).content.decode()


def test_a_second_factor_is_told_in_words(cooperative, owner):
    with within(cooperative):
        audit.record(log_in_watch.ADDED, cooperative=cooperative, by=owner, factor="webauthn")
    html = at(cooperative, owner).get(reverse("audit")).content.decode()
    assert "Second facteur : clé d’accès" in html
