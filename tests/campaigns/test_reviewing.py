"""The review: submitted with what can be read, approved by someone else, and nothing public before it."""

import pytest
from django.db import transaction
from wagtail.models import TaskState, Workflow, WorkflowState

from campaigns import publishing, reviewing
from campaigns.models import AdviserReview, Campaign, CampaignPage, CampaignState
from home.models import OutgoingMail, PublicationRefused, Role
from home.tenancy import across_cooperatives, within
from tests.factories.campaigns import body_of, make_campaign_page, tier
from tests.factories.cooperatives import make_user
from tests.factories.reviews import again, make_approved, make_draft, member, terms_of

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def page(cooperative):
    return make_draft(cooperative)


def state_of(page):
    return terms_of(page).state


def mails():
    return sorted(OutgoingMail.objects.values_list("kind", "address"))


def test_each_cooperative_is_founded_with_a_review_of_its_own(cooperative, outsider):
    with across_cooperatives():
        owners = [task.cooperative for task in AdviserReview.objects.order_by("pk")]
    assert owners == [cooperative, outsider]
    assert Workflow.objects.count() == 2
    assert reviewing.found_review(cooperative) == reviewing.found_review(cooperative)
    assert Workflow.objects.count() == 2


def test_a_review_that_is_missing_is_made_when_it_is_needed(page, cooperative):
    AdviserReview.objects.all().delete()
    Workflow.objects.all().delete()
    assert again(page).get_workflow().tasks.get().specific.cooperative == cooperative


def test_only_the_source_page_of_a_campaign_has_a_workflow(page, cooperative):
    twin = CampaignPage.objects.get(translation_key=page.translation_key, locale__language_code="en")
    assert (again(page).has_workflow, twin.has_workflow, cooperative.site.root_page.has_workflow) == (
        True,
        False,
        False,
    )
    assert again(make_approved(cooperative, title="Autre")).has_workflow is False


def test_submitting_founds_the_terms_and_tells_the_advisers_once(page, cooperative):
    adviser, editor = member(cooperative, Role.ADVISER), member(cooperative, Role.EDITOR)
    member(cooperative, Role.OWNER), member(cooperative, Role.TREASURER)
    for _time in range(2):
        reviewing.submit(again(page), by=editor)
    campaign = terms_of(page)
    assert (campaign.state, campaign.submitted_by) == (CampaignState.IN_REVIEW, editor)
    assert mails() == [("dossier_submitted", adviser.email)]
    assert WorkflowState.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"goal": None}, ["Fixez un objectif."]),
        ({"end_date": None}, ["Choisissez le dernier jour."]),
        ({"body": []}, ["Ajoutez le bloc Titre\u00a0: il ouvre la page.", "Ajoutez une description de la campagne."]),
    ],
)
def test_what_cannot_be_read_yet_is_not_submitted(cooperative, fields, reasons):
    page = make_draft(cooperative, bilingual=False)
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision(clean=False)
    with pytest.raises(reviewing.ReviewRefused) as refused:
        reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
    assert refused.value.reasons == reasons
    assert (Campaign.objects.count(), WorkflowState.objects.count(), mails()) == (0, 0, [])


def test_approving_publishes_nothing_and_is_done_once(page, cooperative, mailoutbox):
    adviser = member(cooperative, Role.ADVISER)
    reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
    assert [reviewing.approve(again(page), by=adviser) for _time in range(2)] == [True, False]
    campaign = terms_of(page)
    assert (campaign.state, campaign.approved_by, again(page).live) == (CampaignState.APPROVED, adviser, False)
    assert mailoutbox == []  # Wagtail's own mails neither


def test_sent_back_it_is_a_draft_and_may_come_again(page, cooperative):
    editor, adviser = member(cooperative, Role.EDITOR), member(cooperative, Role.ADVISER)
    reviewing.submit(again(page), by=editor)
    assert reviewing.send_back(again(page), by=adviser, comment="Le budget manque.")
    assert not reviewing.send_back(again(page), by=adviser, comment="Encore.")
    assert state_of(page) == CampaignState.DRAFT
    assert TaskState.objects.get().comment == "Le budget manque."
    reviewing.submit(again(page), by=editor)
    assert state_of(page) == CampaignState.IN_REVIEW
    assert mails() == [("dossier_submitted", adviser.email)] * 2


def test_the_team_takes_it_back(page, cooperative):
    reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
    assert [reviewing.take_back(again(page), by=member(cooperative, Role.EDITOR)) for _time in range(2)] == [
        True,
        False,
    ]
    assert state_of(page) == CampaignState.DRAFT


@pytest.mark.parametrize("self_approval", [False, True])
def test_nobody_approves_their_own_campaign_unless_the_cooperative_allows_it(cooperative, self_approval):
    cooperative.self_approval = self_approval
    cooperative.save()
    owner_of_page, submitter = (
        member(cooperative, Role.OWNER),
        make_user(cooperative, Role.OWNER, "autre@meule.example"),
    )
    page = make_draft(cooperative)
    CampaignPage.objects.filter(pk=page.pk).update(owner=owner_of_page)
    reviewing.submit(again(page), by=submitter)
    people = {role: member(cooperative, role) for role in Role} | {"submitter": submitter}
    may = {str(name): reviewing.may_approve(user, again(page)) for name, user in people.items()}
    assert may == {
        "editor": self_approval,
        "adviser": True,
        "treasurer": False,
        "owner": self_approval,
        "submitter": self_approval,
    }
    if not self_approval:
        with pytest.raises(reviewing.ReviewRefused):
            reviewing.approve(again(page), by=submitter)
        assert state_of(page) == CampaignState.IN_REVIEW


def test_someone_of_another_cooperative_approves_nothing(page, outsider):
    assert reviewing.may_approve(member(outsider, Role.ADVISER), again(page)) is False


# Publishing


def test_nothing_is_published_before_it_is_approved(page, cooperative):
    reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
    said = {"fr": "Une campagne se publie une fois approuvée. Demandez d’abord la révision."}
    said["en"] = "La page anglaise ne peut pas être publiée avant la page française."
    for one in CampaignPage.objects.filter(translation_key=page.translation_key):
        assert one.refusal_to_publish() == said[one.locale.language_code]
        with pytest.raises(PublicationRefused):
            one.save_revision().publish()
    assert CampaignPage.objects.live().count() == 0


def test_once_approved_publishing_announces_and_opens_nothing(cooperative):
    page = make_approved(cooperative)
    assert page.refusal_to_publish() is None
    page.get_latest_revision().publish()
    campaign = terms_of(page)
    assert (campaign.state, campaign.launched_at) == (CampaignState.ANNOUNCED, None)
    again(page).unpublish()
    assert state_of(page) == CampaignState.APPROVED


def test_where_the_team_may_approve_publishing_is_approving(cooperative):
    cooperative.self_approval = True
    cooperative.save()
    page, editor = make_draft(cooperative), member(cooperative, Role.EDITOR)
    again(page).save_revision(user=editor).publish(user=editor)
    campaign = terms_of(page)
    assert (campaign.state, campaign.approved_by) == (CampaignState.ANNOUNCED, editor)


def test_where_the_team_may_approve_a_page_without_a_goal_is_refused_all_the_same(cooperative):
    cooperative.self_approval = True
    cooperative.save()
    page = again(make_draft(cooperative, bilingual=False))
    page.goal = None
    assert page.refusal_to_publish() == "Fixez l’objectif et choisissez le dernier jour avant de publier."


def test_a_way_that_asks_no_page_leaves_nothing_public(cooperative):
    """Copying a public page with its state, as Wagtail's API does."""
    page = make_approved(cooperative)
    page.get_latest_revision().publish()
    with pytest.raises(PublicationRefused), transaction.atomic():
        again(page).copy(update_attrs={"slug": "copie", "title": "Copie"}, keep_live=True)
    assert not CampaignPage.objects.filter(slug="copie").exists()
    assert Campaign.objects.count() == 1


def test_publishing_again_after_the_launch_stays_possible(campaign):
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    page.save_revision().publish()
    assert again(page).live


def test_terms_founded_for_the_review_follow_the_page_once_it_is_published(cooperative):
    page = make_campaign_page(cooperative, publish=False, goal=100_000, body=body_of([tier()]))
    with within(cooperative):
        publishing.found(page)
        Campaign.objects.update(state=CampaignState.APPROVED)
        page.goal = 250_000
        page.save_revision().publish()
    assert terms_of(page).goal == 250_000
