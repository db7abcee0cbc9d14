"""« Renseignements personnels » in the admin: incidents as the regulation has them, and proofs of consent."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from home import backing, clock
from home.models import AuditEntry, ConsentPlace, Incident, IncidentNotice, NewsConsent, Role, Seriousness, Told
from home.privacy import incidents, retention
from home.tenancy import within
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer

NBSP = "\u00a0"
PAGES = ("privacy", "incident_add", "incidents_file", "consents_file")


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER)


@pytest.fixture
def direction(cooperative, owner):
    return logged_in(cooperative, owner)


def logged_in(cooperative, user):
    client = Client(HTTP_HOST=cooperative.site.hostname)
    client.force_login(user)
    return client


def said(**changes):
    today = clock.now().date().isoformat()
    return {
        "began_on": "2026-10-01",
        "ended_on": "",
        "known_on": today if today < "2026-10-02" else "2026-10-02",
        "circumstances": "Une liste a été envoyée au mauvais fournisseur.",
        "information": "Noms et adresses de livraison.",
        "people": "12",
        "people_are_approximate": "on",
        "seriousness": "serious",
        "assessment": "Adresses privées; le fournisseur a confirmé la destruction.",
        "measures": "Liste rappelée.",
        "closed_on": "",
    } | changes


@pytest.fixture
def incident(cooperative, owner):
    with within(cooperative):
        row = Incident(
            cooperative=cooperative,
            began_on=date(2026, 10, 1),
            known_on=date(2026, 10, 2),
            circumstances="Un portable a été volé.",
            information="=Noms",
            seriousness=Seriousness.SERIOUS,
            assessment="Chiffré.",
        )
        yield incidents.add(row, by=owner)


def test_an_incident_is_recorded_assessed_and_told(direction, cooperative, owner, inside):
    answer = direction.post(reverse("incident_add"), said())
    row = Incident.objects.get()
    assert answer.url == reverse("incident", args=[row.pk])
    assert (row.people, row.people_are_approximate, row.created_by) == (12, True, owner)
    page = direction.get(answer.url).content.decode()
    assert "Commission d’accès à l’information" in page
    told = {"told": Told.COMMISSION, "told_on": "2026-10-03", "note": "Formulaire en ligne"}
    direction.post(answer.url, told)
    direction.post(answer.url, told | {"told": Told.PEOPLE})
    row = Incident.objects.get()
    assert incidents.still_to_tell(row) == []
    assert [one.recorded_by for one in IncidentNotice.objects.all()] == [owner, owner]
    direction.post(reverse("incident_change", args=[row.pk]), said(measures="Contrat revu."))
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", "facts"))
    assert acts == [
        ("incident_added", {}),
        ("incident_told", {"told": "commission"}),
        ("incident_told", {"told": "people"}),
        ("incident_changed", {"columns": ["measures"]}),
    ]
    assert "Contrat revu" not in direction.get(reverse("audit")).content.decode()


def test_saving_what_did_not_change_leaves_no_trace(direction, incident):
    before = AuditEntry.objects.count()
    empty = dict.fromkeys(("people", "measures"), "")
    same = said(circumstances=incident.circumstances, information="=Noms", assessment="Chiffré.", **empty)
    del same["people_are_approximate"]
    direction.post(reverse("incident_change", args=[incident.pk]), same)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ended_on": "2026-09-01"}, "ended_on"),
        ({"known_on": "2026-09-01"}, "known_on"),
        ({"known_on": "2100-01-01"}, "known_on"),
        ({"assessment": ""}, "assessment"),
        ({"circumstances": ""}, "circumstances"),
        ({"people": "-1"}, "people"),
    ],
)
def test_what_the_regulation_would_not_take_is_refused(direction, inside, wrong, field):
    answer = direction.post(reverse("incident_add"), said(**wrong))
    assert field in answer.context["form"].errors
    assert not Incident.objects.exists()


def test_a_notice_is_not_of_a_day_to_come(direction, incident):
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    direction.post(reverse("incident", args=[incident.pk]), {"told": Told.PUBLIC, "told_on": tomorrow})
    assert not IncidentNotice.objects.exists()


def test_only_a_serious_incident_has_to_be_told(incident, owner):
    assert incidents.still_to_tell(incident) == [Told.COMMISSION, Told.PEOPLE]
    incidents.tell(incident, Told.PUBLIC, date(2026, 10, 3), "Adresses inconnues", by=owner)
    assert incidents.still_to_tell(Incident.objects.get()) == [Told.COMMISSION]
    incident.seriousness = Seriousness.NONE
    assert incidents.still_to_tell(incident) == []


def test_the_register_leaves_as_a_file_and_its_leaving_is_recorded(direction, incident):
    text = b"".join(direction.get(reverse("incidents_file")).streaming_content).decode()
    assert "Un portable a été volé." in text
    assert "'=Noms" in text
    assert AuditEntry.objects.filter(act="exported").count() == 1


def test_proofs_of_consent_say_the_words_the_place_and_the_end(direction, cooperative, inside):
    backer = make_backer(cooperative, name="Zoé", email="zoe@x.example")
    topic = cooperative.site.root_page.translation_key
    backing.grant_news(backer, topic, text="Je veux les nouvelles.", language="fr", place=ConsentPlace.OWN_PAGE)
    backing.withdraw_news(backer, topic, "link")
    row = NewsConsent.objects.get()
    assert (row.place, row.withdrawn_by) == ("own_page", "link")
    text = b"".join(direction.get(reverse("consents_file")).streaming_content).decode()
    for words in ("Zoé", "zoe@x.example", "Je veux les nouvelles.", str(row.get_place_display())):
        assert words in text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADVISER, Role.TREASURER])
def test_it_is_the_direction_s(cooperative, page, role):
    answer = logged_in(cooperative, make_user(cooperative, role)).get(reverse(page))
    assert answer.status_code in (302, 403)
    assert answer.status_code == 403 or reverse("wagtailadmin_home") in answer.url


def test_another_cooperative_s_incident_is_not_there(outsider, incident):
    stranger = logged_in(outsider, make_user(outsider, Role.OWNER))
    for page in ("incident", "incident_change"):
        assert stranger.get(reverse(page, args=[incident.pk]), follow=True).status_code == 404
    assert "portable" not in stranger.get(reverse("privacy")).content.decode()


def test_an_operator_reads_incidents(cooperative, incident):
    operator = make_user(None, is_superuser=True, is_staff=True)
    client = logged_in(cooperative, operator)
    assert "portable" in client.get(reverse("privacy")).content.decode()


def test_what_goes_by_itself_is_said_in_the_words_of_the_register(direction):
    page = direction.get(reverse("privacy")).content.decode()
    table = re.search(r"<h2>Ce qui s’efface de soi-même</h2>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)[1]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    assert len(rows) == len(retention.rules())
    assert [row for row in rows if not re.search(r"<p>\w[^<.]* [^<]*</p>", row)] == [], "words, and no name of a rule"
    assert f"<p>Accord à recevoir des nouvelles{NBSP}: ses mots, sa langue," in table
