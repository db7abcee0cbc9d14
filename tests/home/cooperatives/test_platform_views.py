"""The platform's pages: every cooperative and how it stands, opening one, and what is decided about one."""

import json
import re

import pytest
from django.urls import reverse

from home.audit_words import line_of
from home.models import AuditEntry, Cooperative, Federation, Role, User
from home.tenancy import within
from tests.factories.cooperatives import make_user
from tests.factories.founding import ORDER

COLOURS = {
    "colour_ink": "#1d1410", "colour_tint": "#f6f1ed", "colour_action": "#1d1410",
    "colour_field": "#ff7a4d", "colour_deep": "#1d1410", "colour_deep_mark": "#ff9a76",
}  # fmt: skip
TYPED = ORDER | COLOURS | {"language": "fr", "currency": "CAD", "time_zone": "America/Toronto"}


@pytest.fixture
def operator(cooperative, on_host):
    client = on_host(cooperative)
    client.force_login(User.objects.create_superuser("operateur@tremplin.example", "secret"))
    return client


def test_only_operators_come_in(cooperative, outsider, on_host):
    client = on_host(cooperative)
    urls = [reverse("platform_cooperatives"), reverse("platform_add_cooperative"), "/admin/federations/",
            "/admin/federations/new/", reverse("platform_cooperative", args=[outsider.pk])]  # fmt: skip
    for role in Role:
        client.force_login(make_user(cooperative, role))
        for url in urls:
            assert client.get(url).headers["Location"] == "/admin/", (role, url)
            assert client.post(url, {"commission_basis_points": "0"}).status_code in (302, 405), (role, url)
    outsider.refresh_from_db()
    assert outsider.commission_basis_points == 500


def test_the_list_says_how_each_one_stands(operator, outsider):
    Cooperative.objects.filter(pk=outsider.pk).update(stripe_account="", listed=True)
    html = operator.get(reverse("platform_cooperatives")).content.decode()
    rows = re.findall(r"<tr>.*?</tr>", html.partition("<tbody>")[2], re.DOTALL)
    said = {re.search(r'/">([^<]+)</a>', row)[1]: re.findall(r"<div>([^<]+)</div>", row) for row in rows}
    assert said == {
        "La Meule commune": ["Non affichée à la découverte", "Accepte les paiements", "Adresse d’envoi non vérifiée"],
        "Le Large": ["Affichée à la découverte", "Sans compte de paiement", "Adresse d’envoi non vérifiée"],
    }


def test_one_is_opened_by_the_form(operator):
    answer = operator.post(reverse("platform_add_cooperative"), TYPED)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "http://anse.localhost/fr/invitation/" in html
    made = Cooperative.objects.get(slug="anse")
    with within(made):
        entries = list(AuditEntry.objects.order_by("pk").values_list("act", "actor__email"))
    assert entries == [(act, "operateur@tremplin.example") for act in ("cooperative_opened", "member_invited")]


def test_the_form_shows_every_field_once_under_its_heading(operator):
    form = operator.get(reverse("platform_add_cooperative")).context["form"]
    shown = [field.name for _heading, fields in form.parts() for field in fields]
    assert shown == list(form.fields)


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(operator):
    typed = TYPED | {"host": "meule.localhost", "registration_number": "12", "name": "L’Anse <b>"}
    answer = operator.post(reverse("platform_add_cooperative"), typed)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert 'value="L’Anse &lt;b&gt;"' in html
    errors = {name: list(said) for name, said in answer.context["form"].errors.items()}
    assert errors == {
        "host": ["Ce nom d’hôte est déjà pris."],
        "registration_number": ["Un NEQ a dix chiffres et commence par 11, 22, 33 ou 88."],
    }
    assert html.count("Ce nom d’hôte est déjà pris.") == 1
    assert not Cooperative.objects.filter(slug="anse").exists()


def test_what_the_platform_decides_is_kept_and_written_down(operator, cooperative, outsider):
    url = reverse("platform_cooperative", args=[outsider.pk])
    typed = {
        "commission_basis_points": "4,25", "commission_fixed": "0", "max_campaign_days": "60",
        "second_person_above": "250", "listed": "on", "french_first": "on", "federation": "",
    }  # fmt: skip
    assert operator.post(url, typed | {"max_campaign_days": "0"}).status_code == 422
    assert operator.post(url, typed).status_code == 302
    outsider.refresh_from_db()
    assert (outsider.commission_basis_points, outsider.second_person_above, outsider.listed) == (425, 25_000, True)
    with within(outsider):
        (entry,) = AuditEntry.objects.all()
    assert entry.act == "platform_settings_changed"
    assert entry.facts["changes"] == {
        "commission_basis_points": [500, 425],
        "max_campaign_days": [90, 60],
        "second_person_above": [50_000, 25_000],
        "listed": [False, True],
    }
    with within(cooperative):
        assert not AuditEntry.objects.exists()
    assert operator.post(url, typed).status_code == 302
    with within(outsider):
        assert AuditEntry.objects.count() == 1, "nothing changed, nothing is written"
    assert operator.get(reverse("platform_cooperative", args=[99]), follow=True).status_code == 404


def test_a_federation_s_template_is_written_in_the_admin(operator):
    url = "/admin/federations/new/"
    typed = {
        "name": "Fédération des moulins", "slug": "moulins", "commission_basis_points": "3,5", "commission_fixed": "0",
        "max_campaign_days": "45", "second_person_above": "500",
        "texts-TOTAL_FORMS": "1", "texts-INITIAL_FORMS": "0", "texts-MIN_NUM_FORMS": "0", "texts-MAX_NUM_FORMS": "9",
        "texts-0-key": "terms", "texts-0-title_fr": "Nos conditions", "texts-0-title_en": "Our terms",
        "texts-0-body_fr": "{nom}", "texts-0-body_en": "{name}",
        "points-TOTAL_FORMS": "1", "points-INITIAL_FORMS": "0", "points-MIN_NUM_FORMS": "0",
        "points-MAX_NUM_FORMS": "9",
        "points-0-sentence_fr": "Le CA a dit oui", "points-0-sentence_en": "The board agreed",
        "points-0-holds_back": "on", "points-0-ORDER": "1",
    }  # fmt: skip
    for name in ("texts-0-body_fr", "texts-0-body_en"):
        block = {"key": "a", "text": typed[name], "type": "unstyled", "depth": 0}
        block |= {"inlineStyleRanges": [], "entityRanges": [], "data": {}}
        typed[name] = json.dumps({"blocks": [block], "entityMap": {}})
    answer = operator.post(url, typed)
    assert answer.status_code == 200
    assert "Rien ne remplit {nom}." in answer.content.decode()
    assert not Federation.objects.exists()
    answer = operator.post(url, typed | {"texts-0-body_fr": typed["texts-0-body_en"]})
    assert answer.status_code == 302
    made = Federation.objects.get()
    assert (made.commission_basis_points, made.texts.get().title_en, made.points.get().holds_back) == (
        350,
        "Our terms",
        True,
    )


def test_a_change_of_a_template_is_written_for_those_whom_it_is_offered_to(operator, cooperative, outsider):
    federation = Federation.objects.create(name="Moulins", slug="moulins", commission_basis_points=500)
    Cooperative.objects.filter(pk=cooperative.pk).update(federation=federation)
    typed = {
        "name": "Moulins", "slug": "moulins", "commission_basis_points": "3,5", "commission_fixed": "0",
        "max_campaign_days": str(federation.max_campaign_days), "second_person_above": "500",
        "texts-TOTAL_FORMS": "0", "texts-INITIAL_FORMS": "0", "texts-MIN_NUM_FORMS": "0", "texts-MAX_NUM_FORMS": "9",
        "points-TOTAL_FORMS": "1", "points-INITIAL_FORMS": "0", "points-MIN_NUM_FORMS": "0",
        "points-MAX_NUM_FORMS": "9", "points-0-sentence_fr": "Oui", "points-0-sentence_en": "Yes",
        "points-0-ORDER": "1",
    }  # fmt: skip
    assert operator.post(f"/admin/federations/edit/{federation.pk}/", typed).status_code == 302
    point = federation.points.get()
    with within(cooperative):
        (entry,) = AuditEntry.objects.all()
        assert (entry.act, entry.actor.is_superuser, entry.facts) == (
            "template_changed",
            True,
            {"what": ["commission", f"point:{point.key}"]},
        )
        assert line_of(entry, cooperative).facts == ["Concerne\xa0: Commission, Point de la liste de lancement"]
    with within(outsider):
        assert not AuditEntry.objects.exists()
