"""The dossier in the admin: who sees it, what each may do there, and nothing of another cooperative."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import WorkflowState

from campaigns import questions, reviewing
from campaigns.models import Campaign, CampaignState, ReviewQuestion
from home.models import Role
from home.tenancy import across_cooperatives, within
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.reviews import again, make_approved, make_draft, member, terms_of

DAY = (date.today() + timedelta(days=5)).isoformat()
INSIDERS = [Role.EDITOR, Role.ADVISER, Role.OWNER]


def visit(cooperative, role=None, user=None, **options):
    client = Client(HTTP_HOST=cooperative.site.hostname, **options)
    client.force_login(user or member(cooperative, role))
    return client


@pytest.fixture
def page(cooperative):
    """In review, with one open question."""
    with within(cooperative):
        page = make_draft(cooperative, title="Dossier Mistral")
        reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
        questions.ask(
            page,
            cooperative,
            by=member(cooperative, Role.ADVISER),
            text="Mistral?",
            answer_by=date.today(),
            passage=None,
        )
        return again(page)


def looks(page):
    one = [page.pk]
    return {
        "index": reverse("campaigns_index"),
        "dossier": reverse("campaigns_dossier", args=one),
        "preview": reverse("campaigns_preview", args=[page.pk, "fr"]),
        "preview, translated": reverse("campaigns_preview", args=[page.pk, "en"]),
        "launch": reverse("campaigns_launch", args=one),
    }


def acts(page):
    one = [page.pk]
    with across_cooperatives():
        question = ReviewQuestion.objects.get(dossier__translation_key=page.translation_key)
    return {
        "ask": (reverse("campaigns_ask", args=one), {"about": "", "text": "Et le sel?", "answer_by": DAY}),
        "answer": (reverse("campaigns_answer", args=[page.pk, question.pk]), {"text": "Oui."}),
        "settle": (reverse("campaigns_settle", args=[page.pk, question.pk]), {}),
        "send_back": (reverse("campaigns_send_back", args=one), {"comment": "Encore."}),
        "submit": (reverse("campaigns_submit", args=one), {}),
        "approve": (reverse("campaigns_approve", args=one), {}),
        "schedule": (reverse("campaigns_schedule", args=one), {"launch_at": "2039-01-01T10:00"}),
        "take_back": (reverse("campaigns_take_back", args=one), {}),
        "launch": (reverse("campaigns_launch", args=one), {}),
    }


def world():
    with across_cooperatives():
        rows = [list(model.objects.order_by("pk").values()) for model in (Campaign, ReviewQuestion)]
        return [*rows, list(WorkflowState.objects.order_by("pk").values())]


@pytest.mark.parametrize("role", INSIDERS)
def test_those_who_write_read_and_decide_see_it(page, cooperative, role):
    client = visit(cooperative, role)
    for name in ("index", "dossier", "preview", "preview, translated"):
        answer = client.get(looks(page)[name])
        assert answer.status_code == 200, name
    assert "Dossier Mistral" in client.get(looks(page)["dossier"]).content.decode()
    assert client.get(looks(page)["preview"]).content.decode().count("Dossier Mistral") > 0
    assert client.get(reverse("wagtailadmin_home")).content.decode().count("Dossier Mistral") > 0


@pytest.mark.parametrize("role", [Role.TREASURER, None])
def test_others_see_and_move_nothing(page, cooperative, role):
    client = visit(cooperative, role) if role else Client(HTTP_HOST=cooperative.site.hostname)
    before = world()
    assert {client.get(url).status_code for url in looks(page).values()} == {302}
    assert {client.post(url, data).status_code for url, data in acts(page).values()} == {302}
    assert world() == before


def test_nothing_of_another_cooperative_is_seen_or_moved(page, cooperative, outsider):
    user = make_user(outsider, Role.OWNER)
    client = visit(outsider, user=user)
    before = world()
    for name, url in looks(page).items():
        answer = client.get(url, follow=True)
        assert answer.status_code == (200 if name == "index" else 404), name
        assert "Mistral" not in answer.content.decode()
    assert {client.post(url, data, follow=True).status_code for url, data in acts(page).values()} == {404}
    for url in ("workflow", "workflow_results", "workflow_tasks", "workflow_tasks_results"):
        answer = client.get(reverse(f"wagtailadmin_reports:{url}"), follow=True)
        assert "Mistral" not in answer.content.decode()
    for name in ("workflow_history", "confirm_workflow_cancellation"):
        assert client.get(reverse(f"wagtailadmin_pages:{name}", args=[page.pk])).status_code == 302
    assert "Mistral" not in client.get(reverse("wagtailadmin_home")).content.decode()
    assert world() == before


@pytest.mark.parametrize("role", INSIDERS)
def test_wagtail_s_reports_on_reviews_are_the_platform_s(page, cooperative, role):
    client = visit(cooperative, role)
    for url in ("workflow", "workflow_tasks"):
        assert client.get(reverse(f"wagtailadmin_reports:{url}")).status_code == 302
    assert client.get(reverse("wagtailadmin_workflows:index")).status_code == 302


def test_someone_of_both_sees_one_at_a_time(page, cooperative, outsider):
    with within(outsider):
        theirs = make_draft(outsider, title="Dossier Zanzibar")
        reviewing.submit(again(theirs), by=member(outsider, Role.EDITOR))
    from home.cooperatives.founding import welcome

    user = make_user(cooperative, Role.ADVISER, "lise@meule.example")
    welcome(user, outsider, Role.ADVISER)
    for here, word, other in ((cooperative, "Mistral", "Zanzibar"), (outsider, "Zanzibar", "Mistral")):
        for url in (reverse("campaigns_index"), reverse("wagtailadmin_home")):
            body = visit(here, user=user).get(url).content.decode()
            assert (word in body, other in body) == (True, False)


def test_looking_changes_nothing(page, cooperative):
    before = world()
    client = visit(cooperative, Role.OWNER)
    for url in looks(page).values():
        client.get(url)
    for url, _data in acts(page).values():
        assert client.get(url).status_code in {302, 405}
    assert world() == before


def test_an_adviser_asks_settles_and_approves_but_submits_and_launches_nothing(page, cooperative):
    client = visit(cooperative, Role.ADVISER)
    done = {}
    for name, (url, data) in acts(page).items():
        before = world()
        assert client.post(url, data).status_code == 302, name
        done[name] = world() != before
        if name == "send_back":
            with within(cooperative):
                reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
    assert {name for name, moved in done.items() if moved} == {"ask", "settle", "send_back", "approve"}


def test_an_editor_answers_submits_and_takes_back_but_decides_nothing(page, cooperative):
    client = visit(cooperative, Role.EDITOR)
    done = set()
    for name, (url, data) in acts(page).items():
        before = world()
        assert client.post(url, data).status_code == 302, name
        done |= {name} if world() != before else set()
    assert done == {"answer", "take_back"}


@pytest.mark.parametrize(
    ("act", "data", "words"),
    [
        ("ask", {"text": "", "answer_by": DAY}, "Écrivez votre question."),
        ("ask", {"text": "Sel?", "answer_by": "2020-01-01"}, "Choisissez aujourd’hui ou un jour à venir."),
        ("ask", {"text": "Sel?", "answer_by": "demain"}, "Entrez une date."),
        ("ask", {"text": "Sel?", "answer_by": DAY, "about": "x"}, "Sel?"),
        ("send_back", {"comment": ""}, "Dites quoi changer"),
        ("answer", {"text": " "}, "Écrivez votre réponse."),
        ("schedule", {"launch_at": "2020-01-01T10:00"}, "Choisissez un moment à venir."),
        ("schedule", {"launch_at": "bientôt"}, "Entrez une date et une heure."),
    ],
)
def test_bad_input_is_said_at_its_field_and_nothing_is_saved(page, cooperative, act, data, words):
    if act == "schedule":
        with within(cooperative):
            reviewing.approve(again(page), by=member(cooperative, Role.ADVISER))
    before = world()
    answer = visit(cooperative, Role.OWNER).post(acts(page)[act][0], data)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert world() == before


def test_launching_asks_once_more_says_what_no_longer_changes_and_does_it(cooperative):
    with within(cooperative):
        page = make_approved(cooperative)
    client = visit(cooperative, Role.EDITOR)
    url = reverse("campaigns_launch", args=[page.pk])
    asked = client.get(url).content.decode()
    assert "À partir de maintenant, l’objectif, le modèle, la devise et la date de fin ne changent plus." in asked
    assert client.post(url).status_code == 302
    with within(cooperative):
        assert terms_of(page).state == CampaignState.LIVE
    assert "déjà ouverte" in client.post(url, follow=True).content.decode()


def test_a_launch_that_is_held_back_says_why(cooperative):
    with within(cooperative):
        page = make_approved(cooperative)
    cooperative.charges_enabled = False
    cooperative.save()
    client = visit(cooperative, Role.OWNER)
    answer = client.post(reverse("campaigns_launch", args=[page.pk]), follow=True).content.decode()
    assert "Le compte Stripe attend encore des renseignements." in answer
    with within(cooperative):
        assert terms_of(page).state == CampaignState.APPROVED


def test_a_moment_is_read_by_the_cooperative_s_clock(cooperative):
    from datetime import UTC, datetime

    with within(cooperative):
        page = make_approved(cooperative)
    client = visit(cooperative, Role.OWNER)
    client.post(reverse("campaigns_schedule", args=[page.pk]), {"launch_at": "2039-07-01T09:30"})
    with within(cooperative):
        assert terms_of(page).launch_at == datetime(2039, 7, 1, 13, 30, tzinfo=UTC)
    client.post(reverse("campaigns_schedule", args=[page.pk]), {"cancel": "1"})
    with within(cooperative):
        assert terms_of(page).launch_at is None


def test_the_list_takes_the_same_queries_with_one_and_with_three(cooperative, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visit(cooperative, Role.OWNER)
    counts = []
    for number in range(3):
        with within(cooperative):
            make_draft(cooperative, title=f"Campagne {number}", bilingual=False)
        client.get(reverse("campaigns_index"))
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert f"Campagne {number}" in client.get(reverse("campaigns_index")).content.decode()
        counts.append(len(caught))
    assert counts[0] == counts[1] == counts[2]


# The page editor


def edit(client, page):
    return client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()


def test_the_editor_offers_review_before_approval_and_publishing_after(cooperative):
    with within(cooperative):
        page = make_draft(cooperative)
    client = visit(cooperative, Role.EDITOR)
    before = edit(client, page)
    assert ("action-publish" in before, "Demander la révision" in before) == (False, True)
    assert "Avant le lancement" in before
    assert reverse("campaigns_dossier", args=[page.pk]) in before
    with within(cooperative):
        reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
        reviewing.approve(again(page), by=member(cooperative, Role.ADVISER))
    after = edit(client, page)
    assert ("action-publish" in after, "action-submit" in after) == (True, False)


def test_the_translation_is_edited_without_a_checklist(cooperative):
    with within(cooperative):
        page = make_draft(cooperative)
        twin = page.get_translations().get()
    body = edit(visit(cooperative, Role.EDITOR), twin)
    assert ("action-submit" in body, "checklist__point" in body) == (False, False)


def test_a_live_campaign_has_no_checklist(cooperative):
    campaign = make_campaign(cooperative)
    with within(cooperative):
        from tests.updates.making import campaign_page

        page = campaign_page(campaign)
    assert "checklist__point" not in edit(visit(cooperative, Role.EDITOR), page)
