"""An editor chooses the cooperative's colours: what cannot be read is said at its field, and nothing is saved."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection
from wagtail.test.utils.form_data import rich_text

from home.models import Brand, LogoDrawing, OutgoingMail, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user

NBSP = "\u00a0"


def address(cooperative):
    return reverse("wagtailsettings:edit", args=["home", "brand", cooperative.site_id])


def typed(cooperative, **changed):
    """What the form posts when only these fields were changed."""
    brand = Brand.for_site(cooperative.site)
    names = [field.name for field in Brand._meta.fields if field.editable and field.name not in {"id", "site"}]
    texts = {f"footer_{language}": rich_text(getattr(brand, f"footer_{language}")) for language in ("fr", "en")}
    values = {name: getattr(brand, name) for name in names} | texts | changed
    return {name: value for name, value in values.items() if value not in {None, False}}


def row(cooperative):
    return Brand.objects.filter(site=cooperative.site).values().get()


@pytest.fixture
def as_role(client, cooperative):
    def log_in(role, language="en"):
        client.defaults["HTTP_HOST"] = cooperative.site.hostname
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        client.force_login(make_user(cooperative, role))
        return client

    return log_in


def errors_of(response):
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


@pytest.mark.parametrize("role", [Role.EDITOR, Role.OWNER])
def test_a_brand_that_can_be_read_is_saved(as_role, cooperative, role):
    before = row(cooperative)["version"]
    answer = as_role(role).post(address(cooperative), typed(cooperative, field="#0f4a38", radius="12"))
    assert answer.status_code == 302
    saved = row(cooperative)
    assert (saved["field"], saved["radius"], saved["version"]) == ("#0f4a38", 12, before + 1)


def test_colours_are_understood_as_people_write_them(as_role, cooperative):
    data = typed(cooperative, field="0F4A38", action=" #036 ")
    assert as_role(Role.EDITOR).post(address(cooperative), data).status_code == 302
    assert (row(cooperative)["field"], row(cooperative)["action"]) == ("#0f4a38", "#003366")


def test_a_colour_that_cannot_be_read_is_said_at_its_field(as_role, cooperative):
    before = row(cooperative)
    answer = as_role(Role.EDITOR).post(address(cooperative), typed(cooperative, action="#ff9900", radius="12"))
    assert errors_of(answer) == {
        "action": [
            "Links would be hard to read on the second surface: contrast 1.9:1, where 4.5:1 is needed.",
            "The nearest colour that can be read is #a15f00.",
        ]
    }
    assert row(cooperative) == before
    page = answer.content.decode()
    field = re.search(r'<input[^>]*name="action"[^>]*>', page)[0]
    assert 'value="#ff9900"' in field
    assert 'data-offer="#a15f00"' in field
    assert 'data-offer-words="Use #a15f00"' in field
    assert re.search(r'<input[^>]*name="radius"[^>]*value="12"', page)
    assert len(re.findall(r'data-offer="', page)) == 1


def test_in_french(as_role, cooperative):
    answer = as_role(Role.OWNER, "fr").post(address(cooperative), typed(cooperative, deep="#8a8a8a", ink="#555555"))
    said = errors_of(answer)
    assert said["deep"] == [
        f"Ni le texte ni le blanc ne se liraient bien sur le fond sombre{NBSP}: le contraste est de 3,4:1, "
        "et il en faut 4,5:1.",
        "La couleur la plus proche qui se lit bien est #767676.",
    ]
    assert "Prendre la couleur #" in html.unescape(answer.content.decode())


def test_taking_every_offer_at_once_is_enough(as_role, cooperative):
    editor = as_role(Role.EDITOR)
    grey = dict.fromkeys(["field", "action", "deep", "deep_mark", "tint", "ink"], "#808080")
    answer = editor.post(address(cooperative), typed(cooperative, **grey))
    form = answer.context["form"]
    offers = {name: form[name].field.widget.attrs["data-offer"] for name in form.errors}
    assert offers.keys() == {"field", "action", "deep", "deep_mark", "tint", "ink"}
    assert editor.post(address(cooperative), typed(cooperative, **(grey | offers))).status_code == 302


@pytest.mark.parametrize("nonsense", ["", "rouge", "#12", "#1d3fc4ff", "\0", "<b>", "#ggg"])
def test_what_is_no_colour_is_said_at_its_field_alone(as_role, cooperative, nonsense):
    before = row(cooperative)
    answer = as_role(Role.EDITOR).post(address(cooperative), typed(cooperative, ink=nonsense, action="#ff9900"))
    assert errors_of(answer).keys() == {"ink"}
    assert row(cooperative) == before


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_other_roles_do_not_change_the_brand(as_role, cooperative, role):
    before = row(cooperative)
    client = as_role(role)
    assert client.get(address(cooperative)).status_code == 302
    assert client.post(address(cooperative), typed(cooperative, field="#0f4a38")).status_code == 302
    assert row(cooperative) == before


@pytest.mark.parametrize("role", [Role.EDITOR, Role.OWNER])
def test_nobody_opens_or_changes_the_brand_of_another_cooperative(as_role, cooperative, outsider, role):
    Brand.objects.filter(site=outsider.site).update(field="#abcdef")
    before = row(outsider)
    client = as_role(role)
    answers = [client.get(address(outsider)), client.post(address(outsider), typed(outsider, field="#0f4a38"))]
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [
        (302, reverse("wagtailadmin_home"))
    ] * 2
    assert row(outsider) == before
    own = client.get(reverse("wagtailsettings:edit", args=["home", "brand"]))
    assert own.headers["Location"] == address(cooperative)
    page = client.get(address(cooperative)).content.decode()
    assert outsider.site.hostname not in page
    assert "#abcdef" not in page


def test_the_menu_leads_there(as_role, cooperative):
    assert reverse("wagtailsettings:edit", args=["home", "brand"]) in (
        as_role(Role.EDITOR).get(reverse("wagtailadmin_home")).content.decode()
    )


def test_a_preview_shows_what_is_typed_and_saves_nothing(as_role, cooperative, campaign):
    with within(cooperative):
        before, mails = row(cooperative), OutgoingMail.objects.count()
    editor, there = as_role(Role.EDITOR), reverse("brand_preview", args=[cooperative.site_id])
    texts = {"header_fr": "Du blé d’ici", "header_en": "Local wheat", "thanks_fr": "Merci!", "thanks_en": "Thanks!"}
    drawn = SimpleUploadedFile("roue.svg", b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"/>')
    data = typed(cooperative, field="#0f4a38", action="#ff9900", radius="19", **texts) | {"drawing": drawn}
    answer = editor.post(there, data)
    assert answer.status_code == 200
    (problem,) = answer.context["problems"]
    assert "1.9:1" in problem["errors"][0]
    samples = {(sample.label, sample.language): sample.html for sample in answer.context["samples"]}
    names, languages = ("Home page", "Campaign page", "Email"), ("français", "English")
    assert samples.keys() == {(name, language) for name in names for language in languages}
    for (name, language), shown in samples.items():
        assert f'<html lang="{"fr" if language == "français" else "en"}-CA"' in shown
        if name == "Email":
            assert "background: #0f4a38" in shown
            continue
        assert texts["header_fr" if language == "français" else "header_en"] in html.unescape(shown)
        assert 'src="data:image/svg+xml;base64,' in shown
        sheet = re.search(r'href="([^"]*/brand/trial/[^"]+)"', shown)[1]
        style = editor.get(sheet).content.decode()
        assert ("--brand: #0f4a38;" in style, "--action: #ff9900;" in style, "--radius: 19px;" in style) == (True,) * 3
    assert "srcdoc=" in answer.content.decode()
    assert row(cooperative) == before
    with within(cooperative):
        assert OutgoingMail.objects.count() == mails
    part = editor.post(there, typed(cooperative), headers={"X-Requested-With": "XMLHttpRequest"}).content.decode()
    assert ("<html" in part.partition("srcdoc")[0], part.count("srcdoc=")) == (False, 6)
    assert editor.get(there).headers["Location"] == address(cooperative)
    assert editor.get(sheet.replace("/trial/", "/trial/x")).status_code == 404
    assert f'formaction="{there}"' in editor.get(address(cooperative)).content.decode()


def test_a_preview_is_for_who_may_change_the_brand_of_this_host(as_role, cooperative, outsider):
    own, theirs = (reverse("brand_preview", args=[one.site_id]) for one in (cooperative, outsider))
    editor = as_role(Role.EDITOR)
    refused = [editor.post(theirs, typed(outsider)), editor.get(theirs)]
    refused += [as_role(role).post(own, typed(cooperative)) for role in (Role.ADVISER, Role.TREASURER)]
    assert {(answer.status_code, answer.headers.get("Location")) for answer in refused} == {
        (302, reverse("wagtailadmin_home"))
    }


def test_texts_are_asked_for_in_both_languages(as_role, cooperative):
    only = typed(cooperative, header_fr="Du blé", thanks_en="Thanks", footer_fr=rich_text("<p>Bonjour</p>"))
    said = "Write it in this language too: every page exists in both."
    answer = as_role(Role.EDITOR).post(address(cooperative), only)
    assert errors_of(answer) == {"header_en": [said], "thanks_fr": [said], "footer_en": [said]}
    both = only | {"header_en": "Wheat", "thanks_fr": "Merci", "footer_en": rich_text("<p>Hello</p>")}
    assert as_role(Role.OWNER).post(address(cooperative), both).status_code == 302
    assert (row(cooperative)["header_en"], row(cooperative)["thanks_fr"]) == ("Wheat", "Merci")


def test_the_head_of_mails_is_checked_too(as_role, cooperative):
    bad = typed(cooperative, mail_field="#777777", mail_head="logo")
    answer = as_role(Role.EDITOR).post(address(cooperative), bad)
    assert errors_of(answer).keys() == {"mail_field", "mail_head"}
    assert "The nearest colour that can be read is" in errors_of(answer)["mail_field"][1]


def test_a_drawn_logo_is_kept_as_it_was_made_harmless(as_role, cooperative):
    editor = as_role(Role.EDITOR)
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">'

    def send(inside, **changed):
        file = SimpleUploadedFile("roue.svg", f"{head}{inside}</svg>".encode())
        return editor.post(address(cooperative), typed(cooperative, **changed) | {"drawing": file})

    refused = send('<rect onclick="alert(1)"/>')
    assert "onclick" in errors_of(refused)["drawing"][0]
    assert not LogoDrawing.objects.exists()
    assert send("<!-- by hand --><rect/>").status_code == 302
    assert LogoDrawing.objects.get(brand__site=cooperative.site).svg.endswith("<rect /></svg>")
    assert (row(cooperative)["drawing_width"], row(cooperative)["drawing_height"]) == (40, 20)
    assert editor.post(address(cooperative), typed(cooperative, radius="8")).status_code == 302
    assert (LogoDrawing.objects.count(), len(row(cooperative)["drawing_name"])) == (1, 16)
    assert editor.post(address(cooperative), typed(cooperative, remove_drawing="on")).status_code == 302
    assert (LogoDrawing.objects.count(), row(cooperative)["drawing_name"]) == (0, "")


def make_image(cooperative, title):
    collection = Collection.objects.get(name=cooperative.name)
    return Image.objects.create(title=title, file=get_test_image_file(), collection=collection)


def test_a_logo_is_an_image_of_one_s_own(as_role, cooperative, outsider):
    ours, theirs = make_image(cooperative, "Notre roue"), make_image(outsider, "Leur phare")
    editor = as_role(Role.EDITOR)
    nonsense = typed(cooperative, logo=theirs.pk, ink="rouge")
    assert "Leur phare" not in editor.post(address(cooperative), nonsense).content.decode()
    assert editor.post(address(cooperative), typed(cooperative, logo=theirs.pk)).status_code == 302
    assert row(cooperative)["logo_id"] is None
    assert "Notre roue" in editor.post(address(cooperative), nonsense | {"logo": ours.pk}).content.decode()
    assert editor.post(address(cooperative), typed(cooperative, logo=ours.pk)).status_code == 302
    assert row(cooperative)["logo_id"] == ours.pk
