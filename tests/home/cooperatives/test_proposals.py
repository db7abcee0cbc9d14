"""A federation's template: taken on founding, offered afterwards, never imposed."""

import pytest
from django.core.management import call_command

from home.cooperatives import legal_texts, proposals
from home.models import (
    AuditEntry,
    Cooperative,
    Federation,
    FederationPoint,
    FederationText,
    LegalText,
    OwnPoint,
    Role,
    TextPage,
)
from home.tenancy import within
from tests.factories.cooperatives import make_user
from tests.factories.founding import options

URL = "/admin/proposals/"


@pytest.fixture
def federation(db):
    made = Federation.objects.create(
        name="Fédération des moulins", slug="moulins", commission_basis_points=350, max_campaign_days=45
    )
    FederationText.objects.create(
        federation=made, key="terms", title_fr="Nos conditions", title_en="Our terms",
        body_fr='<p data-block-key="k1">Par {name}.</p>', body_en="<p>By {name}.</p>",
    )  # fmt: skip
    FederationPoint.objects.create(
        federation=made,
        sentence_fr="Le conseil a dit oui",
        sentence_en="The board agreed",
        holds_back=True,
        sort_order=0,
    )
    return made


@pytest.fixture
def mill(cooperative, federation, stdout_nowhere):
    """A cooperative that this federation brought, beside one that it did not."""
    call_command("create_cooperative", *options(federation="moulins", commission_basis_points=None))
    return Cooperative.objects.get(slug="anse")


@pytest.fixture
def stdout_nowhere(monkeypatch):
    from django.core.management.base import OutputWrapper

    monkeypatch.setattr(OutputWrapper, "write", lambda *args, **kwargs: None)


@pytest.fixture
def direction(mill, client):
    client.defaults["HTTP_HOST"] = "anse.localhost"
    client.force_login(make_user(mill, Role.OWNER))
    return client


def offered(cooperative):
    with within(cooperative):
        return {one.subject: one for one in proposals.proposals(Cooperative.objects.get(pk=cooperative.pk))}


def post(client, proposal, act):
    fields = {"subject": proposal.subject, "version": proposal.version, act: "1"}
    return client.post(URL, fields, follow=True).content.decode()


def terms_of(cooperative):
    with within(cooperative):
        return legal_texts.pages_of(LegalText.objects.get(key="terms"))


def test_whoever_is_founded_with_it_takes_its_values_texts_and_points(mill, federation, client):
    assert (mill.commission_basis_points, mill.max_campaign_days, mill.second_person_above) == (350, 45, 50_000)
    assert offered(mill) == {}
    for path, words in (("/fr/nos-conditions/", "Par L’Anse"), ("/en/our-terms/", "By L’Anse")):
        assert words in client.get(path, headers={"host": "anse.localhost"}).content.decode()
    with within(mill):
        assert list(OwnPoint.objects.values_list("sentence_fr", "holds_back")) == [("Le conseil a dit oui", True)]
        assert LegalText.objects.count() == 4


def test_what_changes_later_is_offered_old_beside_new_and_holds_once_accepted(mill, federation, direction, cooperative):
    Federation.objects.update(commission_basis_points=600)
    FederationText.objects.update(body_fr="<p>Mieux, par {name}.</p>", body_en="<p>Better, by {name}.</p>")
    FederationPoint.objects.update(holds_back=False)
    mill.refresh_from_db()
    assert mill.commission_basis_points == 350
    assert "propose 3 changements" in direction.get("/admin/").content.decode()
    html = direction.get(URL).content.decode()
    for words in ("3,5\u00a0%", "6\u00a0%", "Par L’Anse", "Mieux, par L’Anse", "(Retient le lancement)", "(Conseil)"):
        assert words in html
    found = offered(mill)
    assert sorted(found) == ["commission", f"point:{FederationPoint.objects.get().key}", "text:terms"]
    for proposal in found.values():
        assert "vaut à partir de maintenant" in post(direction, proposal, "accept")
    mill.refresh_from_db()
    assert mill.commission_basis_points == 600
    assert {code: legal_texts.page_words(page)["html"] for code, page in terms_of(mill).items()} == {
        "fr": "<p>Mieux, par L’Anse aux courges.</p>",
        "en": "<p>Better, by L’Anse aux courges.</p>",
    }
    assert "6\u00a0%" in direction.get("/fr/remboursements-et-frais/").content.decode(), "the texts follow"
    assert offered(mill) == {}
    assert "propose" not in direction.get("/admin/").content.decode()
    with within(mill):
        acts = list(AuditEntry.objects.order_by("pk").values_list("act", "facts__what"))
    assert acts[2:] == [("proposal_accepted", subject) for subject in found]
    cooperative.refresh_from_db()
    assert cooperative.commission_basis_points == 500


def test_what_is_declined_is_not_offered_again_until_it_changes(mill, federation, direction):
    Federation.objects.update(commission_basis_points=600)
    post(direction, offered(mill)["commission"], "decline")
    mill.refresh_from_db()
    assert (mill.commission_basis_points, offered(mill)) == (350, {})
    Federation.objects.update(commission_basis_points=550)
    assert offered(mill)["commission"].new["commission_basis_points"] == 550
    Federation.objects.update(commission_basis_points=350)
    assert offered(mill) == {}


def test_what_is_accepted_is_what_was_read(mill, federation, direction):
    Federation.objects.update(commission_basis_points=400)
    read = offered(mill)["commission"]
    Federation.objects.update(commission_basis_points=900)
    assert "dit maintenant autre chose" in post(direction, read, "accept")
    mill.refresh_from_db()
    assert mill.commission_basis_points == 350


def test_words_that_the_cooperative_edited_are_not_written_over(mill, federation, direction):
    with within(mill):
        french = terms_of(mill)["fr"]
        french.body[0].value["text"].source = "<p>Les nôtres.</p>"
        french.save_revision().publish()
    FederationText.objects.update(body_fr="<p>Mieux.</p>", body_en="<p>Better.</p>")
    html = direction.get(URL).content.decode()
    assert "Vous avez modifié ce texte." in html
    assert "Les nôtres." in html
    assert "attendent dans son brouillon" in post(direction, offered(mill)["text:terms"], "accept")
    for path, words in (("/fr/nos-conditions/", "Les nôtres."), ("/en/our-terms/", "By L’Anse")):
        assert words in direction.get(path).content.decode()
    drafts = {code: page.get_latest_revision_as_object() for code, page in terms_of(mill).items()}
    assert {code: legal_texts.page_words(page)["html"] for code, page in drafts.items()} == {
        "fr": "<p>Mieux.</p>",
        "en": "<p>Better.</p>",
    }
    with within(mill):
        assert legal_texts.is_edited(LegalText.objects.get(key="terms")), "what is online is the cooperative's own"
    assert offered(mill) == {}


def test_a_point_taken_from_the_template_is_offered_to_be_taken_away(mill, federation, direction):
    FederationPoint.objects.all().delete()
    (proposal,) = offered(mill).values()
    assert (proposal.old["sentence_en"], proposal.new) == ("The board agreed", None)
    post(direction, proposal, "accept")
    with within(mill):
        assert not OwnPoint.objects.exists()
    assert offered(mill) == {}


def test_only_the_direction_decides(mill, federation, client, cooperative):
    Federation.objects.update(commission_basis_points=600)
    read = offered(mill)["commission"]
    client.defaults["HTTP_HOST"] = "anse.localhost"
    for user in [make_user(mill, role) for role in (Role.EDITOR, Role.ADVISER, Role.TREASURER)] + [
        make_user(cooperative, Role.OWNER)
    ]:
        client.force_login(user)
        assert "3,5" not in client.get(URL, follow=False).content.decode()
        client.post(URL, {"subject": read.subject, "version": read.version, "accept": "1"})
    mill.refresh_from_db()
    assert mill.commission_basis_points == 350
    client.defaults["HTTP_HOST"] = "meule.localhost"
    client.post(URL, {"subject": read.subject, "version": read.version, "accept": "1"})
    mill.refresh_from_db()
    assert (mill.commission_basis_points, TextPage.objects.filter(slug="nos-conditions").count()) == (350, 1)
