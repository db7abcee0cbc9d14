"""Who the cooperative is and its legal texts, as its direction settles them."""

import re

import pytest
from django.urls import reverse

from home.cooperatives import legal_texts
from home.models import AuditEntry, Cooperative, LegalText, Role, TextPage
from home.tenancy import within
from tests.factories.campaigns import make_campaign_page
from tests.factories.cooperatives import make_user

IDENTITY = {
    "legal_name": "Nouveau nom, coopérative de solidarité",
    "registration_number": "1177 000 142",
    "address": "5, chemin du Moulin",
    "phone": "418 555-0143",
    "contact_email": "bonjour@meule.example",
    "privacy_officer": "Rose Lavallée",
    "statement_descriptor": "MEULE COMMUNE",
    "time_zone": "America/Halifax",
}
URL = "/admin/identity/"


@pytest.fixture
def direction(cooperative, on_host):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.OWNER))
    return client


@pytest.fixture
def texts(cooperative, outsider):
    for one in (cooperative, outsider):
        with within(one):
            legal_texts.write_all(one, legal_texts.house_words())


def test_the_direction_changes_it_and_the_texts_say_it(direction, cooperative, outsider, texts):
    with within(cooperative):
        terms = TextPage.objects.descendant_of(cooperative.site.root_page).get(title="Conditions de la campagne")
        terms.body[0].value["text"].source += "<p>À nous.</p>"
        terms.save_revision().publish()
    answer = direction.post(URL, IDENTITY, follow=True)
    assert "qui reste tel quel\u00a0: Conditions de la campagne." in answer.content.decode()
    cooperative.refresh_from_db()
    assert {name: getattr(cooperative, name) for name in IDENTITY} == IDENTITY
    assert "Nouveau nom" in direction.get("/fr/mentions-legales/").content.decode().partition("<footer")[0]
    assert "418 555-0143" in direction.get("/en/refunds-and-fees/").content.decode().partition("<footer")[0]
    assert "À nous." in direction.get("/fr/conditions-de-la-campagne/").content.decode()
    with within(cooperative):
        (entry,) = AuditEntry.objects.all()
    assert entry.act == "identity_changed"
    assert set(entry.facts["changes"]) == set(IDENTITY) - {"contact_email"}
    before = outsider.legal_name
    outsider.refresh_from_db()
    assert outsider.legal_name == before
    with within(outsider):
        assert not any("Nouveau nom" in str(text.given) for text in LegalText.objects.all())


@pytest.mark.parametrize(
    ("name", "typed"),
    [("registration_number", "12"), ("statement_descriptor", "été"), ("phone", ""), ("contact_email", "x"),
     ("time_zone", "Mars"), ("legal_name", "x" * 201)],
)  # fmt: skip
def test_bad_input_is_said_at_its_field_and_nothing_is_saved(direction, cooperative, name, typed):
    before = Cooperative.objects.filter(pk=cooperative.pk).values().get()
    answer = direction.post(URL, IDENTITY | {name: typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [name]
    assert 'value="418 555-0143"' in answer.content.decode() or name == "phone"
    assert Cooperative.objects.filter(pk=cooperative.pk).values().get() == before


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 200), (Role.ADVISER, 200), (Role.TREASURER, 302)])
def test_others_read_it_at_most(cooperative, on_host, role, status):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, role))
    assert client.get(URL).status_code == status
    client.post(URL, IDENTITY)
    before = cooperative.legal_name
    cooperative.refresh_from_db()
    assert cooperative.legal_name == before


def test_the_checklist_leads_there(direction, cooperative):
    Cooperative.objects.filter(pk=cooperative.pk).update(phone="")
    with within(cooperative):
        page = make_campaign_page(cooperative, publish=False)
    html = direction.get(reverse("campaigns_dossier", args=[page.pk])).content.decode()
    assert f'<a href="{URL}">Ajouter</a>' in html


def test_the_legal_texts_are_listed_by_language_with_where_they_stand(direction, cooperative, texts, outsider):
    with within(cooperative):
        notice = TextPage.objects.get(slug="mentions-legales", path__startswith=cooperative.site.root_page.path)
        notice.title = "Mentions"
        notice.save_revision()
        notice.get_translations().get().unpublish()
    html = direction.get(reverse("legal_texts")).content.decode()
    table = html.partition('<table class="listing')[2].partition("</table>")[0]
    rows = [re.findall(r'edit/">([^<]+)</a><div class="w-label-3">([^<]+)<', row) for row in table.split("<tr>")[2:]]
    assert rows[0:1], html[html.find("<table") :][:1500]
    assert rows[0] == [("Conditions de la campagne", "En ligne"), ("Campaign terms", "En ligne")]
    assert rows[3] == [("Mentions légales", "En ligne, avec des changements qui ne le sont pas"),
                       ("Legal notice", "Brouillon")]  # fmt: skip
    assert len(rows) == 4
    for url in re.findall(r'href="(/admin/pages/\d+/edit/)"', html):
        assert direction.get(url).status_code == 200
