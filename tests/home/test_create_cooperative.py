"""A cooperative opened by one command: whole and usable, or nothing of it."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from wagtail.models import Page, Site

from home.cooperatives import legal_texts
from home.models import (
    AuditEntry,
    Brand,
    Cooperative,
    LegalText,
    Membership,
    OutgoingMail,
    Role,
    TextKey,
    TextPage,
    User,
)
from home.tenancy import across_cooperatives, within
from sandbox.typography import english_faults, french_faults
from tests.factories.founding import options

TEXTS = {
    "fr": ["Conditions de la campagne", "Remboursements et frais", "Renseignements personnels", "Mentions légales"],
    "en": ["Campaign terms", "Refunds and fees", "Personal information", "Legal notice"],
}
#: What is held about people, which is no page of the cooperative's own.
REGISTER = {"fr": "Ce que nous gardons sur vous", "en": "What is kept about you"}


@pytest.fixture
def in_french(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "fr_CA.UTF-8")


def create(*words, **changes):
    out = StringIO()
    call_command("create_cooperative", *options(**changes), *words, stdout=out)
    return out.getvalue()


def counted():
    return [model.objects.count() for model in (Cooperative, Site, Page, Brand, User, Membership)]


def titles_at_the_foot(html):
    foot = re.search(r"<footer.*?</footer>", html, re.DOTALL)[0]
    return re.findall(r'<li><a href="([^"]+)">([^<]+)</a></li>', foot)


@pytest.mark.django_db
def test_one_command_opens_a_cooperative_in_both_languages(cooperative, in_french):
    said = create("--listed", commission_basis_points="4,5", colour_field="#ff7a4d")
    made = Cooperative.objects.get(slug="anse")
    assert (made.commission_basis_points, made.listed, made.address) == (
        450,
        True,
        "12, rang Deux\nSaint-Aurèle (Québec)  G0L 0X0",
    )
    client = Client(headers={"host": "anse.localhost"})
    for code, line in (("fr", "Des courges, ensemble."), ("en", "Squash, together.")):
        html = client.get(f"/{code}/").content.decode()
        assert line in html
        links = titles_at_the_foot(html)
        assert [title for _url, title in links] == [*TEXTS[code], REGISTER[code]]
        pages = [client.get(url).content.decode() for url, _title in links]
        assert "L’Anse aux courges, coopérative de solidarité" in pages[0]
        assert ("4,5\u00a0%" if code == "fr" else "4.5%") in pages[1]
        assert "Rose &lt;Lavallée&gt;" in pages[2]
        assert "1177 000 999" in pages[3]
        assert not any(re.search(r"\{\w+\}", page) for page in pages)
    assert [line[:2] for line in said.splitlines()[1:]] == ["- "] * 4
    for part in ("http://anse.localhost/admin/payment-account/", "http://anse.localhost/admin/sending-address/"):
        assert part in said
    with within(made):
        assert list(AuditEntry.objects.values_list("act", "actor").order_by("pk")) == [
            ("cooperative_opened", None),
            ("member_invited", None),
        ]


@pytest.mark.django_db
def test_the_direction_comes_in_by_the_link(in_french):
    said = create()
    link = re.search(r"http://anse\.localhost(/fr/invitation/\S+)", said)[1]
    client = Client(headers={"host": "anse.localhost"})
    about = {"first_name": "Ana", "last_name": "Roy", "password": "courge-musquée-12"}
    assert client.post(link, about).status_code == 302
    assert client.login(username="direction@anse.example", password="courge-musquée-12")
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/payment-account/").status_code == 200
    assert client.get(link).status_code == 404, "a link serves once"
    with across_cooperatives():
        assert [mail.address for mail in OutgoingMail.objects.filter(kind="invitation")] == ["direction@anse.example"]


@pytest.mark.django_db
def test_who_serves_another_cooperative_keeps_the_password(cooperative, in_french):
    known = User.objects.create_user("Direction@Anse.example", "mine")
    said = create()
    known.refresh_from_db()
    assert known.check_password("mine")
    assert "/invitation/" not in said
    assert Membership.objects.get(cooperative__slug="anse").user == known
    assert Membership.objects.get(cooperative__slug="anse").role == Role.OWNER


BAD = {
    "slug": ("Meule", None),
    "host": ("https://anse.example/", "host"),
    "port": ("eighty", "port"),
    "registration_number": ("99", "neq"),
    "contact_email": ("anse", "contact"),
    "time_zone": ("Mars/Olympus", "time-zone"),
    "currency": ("XXX", "currency"),
    "sender_email": ("@", "sender"),
    "statement_descriptor": ("ÉTÉ", "statement-descriptor"),
    "owner_email": ("", "owner"),
    "legal_name": (None, "legal-name"),
    "address": (None, "address"),
    "phone": (None, "phone"),
    "privacy_officer": (None, "privacy-officer"),
    "commission_basis_points": ("90", "commission"),
    "max_campaign_days": ("0", "max-campaign-days"),
    "second_person_above": ("beaucoup", "second-person-above"),
    "federation": ("nulle", "federation"),
    "colour_field": ("rouge", "colour-field"),
    "language": ("de", "language"),
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_bad_input_is_said_once_an_option_and_nothing_is_created(cooperative, monkeypatch, language):
    monkeypatch.setenv("LC_ALL", {"fr": "fr_CA.UTF-8", "en": "en_CA.UTF-8"}[language])
    before = counted()
    with pytest.raises(CommandError) as refused:
        create(**{name: value for name, (value, _option) in BAD.items()})
    heading, *lines = str(refused.value).splitlines()
    assert heading == {"fr": "Rien n’a été créé\u00a0:", "en": "Nothing was created:"}[language]
    expected = {f"--{option or name}" for name, (_value, option) in BAD.items()}
    assert {line.partition(":")[0] for line in lines} == expected
    assert len(lines) == len(expected)
    assert ("déjà pris" in lines[0]) == (language == "fr")
    assert counted() == before


def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(db, in_french):
    with pytest.raises(CommandError, match=r"(?s)--colour-action: .*#[0-9a-f]{6}"):
        create(colour_action="#ffff99")


def test_a_host_that_is_someone_s_is_not_given_twice(cooperative, in_french):
    before = counted()
    with pytest.raises(CommandError, match="--host: "):
        create(host="MEULE.localhost", port="8080")
    with pytest.raises(CommandError, match="--host: "):
        create(host="tremplin.localhost")
    assert counted() == before


def test_what_another_operator_took_meanwhile_undoes_everything(cooperative, in_french, monkeypatch):
    from home.cooperatives import founding_forms

    monkeypatch.setattr(founding_forms.FoundationForm, "clean_host", lambda self: "meule.localhost")
    before = counted()
    with pytest.raises(CommandError, match="--slug: "):
        create()
    assert counted() == before


@pytest.mark.django_db
def test_an_edited_text_is_not_filled_in_again(in_french):
    create()
    made = Cooperative.objects.get(slug="anse")
    with within(made):
        terms = TextPage.objects.get(title="Conditions de la campagne")
        terms.body[0].value["text"].source += "<p>À nous.</p>"
        terms.save_revision().publish()
        made.phone = "418 555-0100"
        made.save()
        done, left = legal_texts.fill_again(made, by=None)
        assert [text.key for text in left] == [TextKey.TERMS]
        assert [text.key for text in done] == [TextKey.REFUNDS, TextKey.NOTICE]
        notice = LegalText.objects.get(key=TextKey.NOTICE)
        said = {code: legal_texts.page_words(page)["html"] for code, page in legal_texts.pages_of(notice).items()}
        assert all("418 555-0100" in html for html in said.values())
        assert legal_texts.fill_again(made, by=None) == ([], left)


def test_the_house_s_own_words_keep_to_the_rules():
    for key, words in legal_texts.house_words().items():
        assert french_faults(words["fr"]["html"], set()) == [], key
        assert english_faults(words["en"]["html"], set()) == [], key
        assert legal_texts.unknown_places(words["fr"]["html"] + words["en"]["html"]) == set()
