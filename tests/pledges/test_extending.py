"""One extension of the deadline: an act that tells everyone, once, whole or not at all."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from campaigns import end_dates, lifecycle
from campaigns.enums import CampaignState
from campaigns.models import Campaign, CampaignPage
from campaigns.publishing import deadline_of
from home import clock
from home.cooperatives.founding import welcome
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import extending, likelihood, pledging
from pledges.enums import PledgeState
from pledges.links import contribution_token
from pledges.models import Pledge
from pledges.totals import progress_of
from tests.campaigns.editing import at_home, fields_of
from tests.campaigns.reading import tally, words
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer, make_pledge
from tests.threads import in_threads, scoped

pytestmark = pytest.mark.usefixtures("inside")

WHY = {"reason_fr": "La pierre arrive en retard.", "reason_en": "The stone comes late."}


@pytest.fixture
def editor(cooperative):
    return at_home(cooperative)


def days_on(campaign, days):
    return end_dates.day_of(campaign.deadline, campaign) + timedelta(days=days)


def address(campaign):
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    return reverse("campaign_extend", args=[page.pk])


def post(client, campaign, language="en", **changes):
    data = {"last_day": days_on(campaign, 7).isoformat(), **WHY} | changes
    return client.post(address(campaign), data, headers={"accept-language": language})


def told():
    return OutgoingMail.objects.filter(kind="deadline_extended")


def test_the_deadline_moves_and_everyone_who_contributed_is_told(campaign, editor):
    twice = make_backer(campaign.cooperative)
    kept = [make_pledge(campaign, backer=twice, paid=False), make_pledge(campaign, backer=twice, paid=False)]
    kept.append(make_pledge(campaign, paid=False, language="en"))
    for state in set(PledgeState) - {PledgeState.CONFIRMED}:
        make_pledge(campaign, state=state)
    old, last_day = campaign.deadline, days_on(campaign, 7)
    html = editor.get(address(campaign)).content.decode()
    assert "Extend and tell 2 people" in html
    assert Campaign.objects.get().deadline == old
    assert post(editor, campaign).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.first_deadline, campaign.deadline) == (old, deadline_of(last_day, campaign.cooperative))
    assert campaign.extended_at is not None
    assert str(campaign.extended_by_id) == editor.session["_auth_user_id"]
    assert (campaign.extension_reason_fr, campaign.extension_reason_en) == tuple(WHY.values())
    assert sorted(told().values_list("subject_key", flat=True)) == sorted(pledge.key for pledge in kept)
    assert set(CampaignPage.objects.values_list("end_date", flat=True)) == {last_day}


def test_it_moves_once(campaign, editor):
    assert post(editor, campaign).status_code == 302
    campaign.refresh_from_db()
    moved = campaign.deadline
    answer = editor.get(address(campaign), follow=True).content.decode()
    assert "The deadline was extended already: it does not move again." in answer
    post(editor, campaign)
    assert not extending.extend(campaign, days_on(campaign, 3), by=None, **WHY)
    assert Campaign.objects.get().deadline == moved


def test_two_at_once_extend_once(campaign):
    """Both hold the campaign as it was; the second comes when the first has committed."""
    make_pledge(campaign, paid=False)
    same = Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)
    assert extending.extend(campaign, days_on(campaign, 5), by=None, **WHY)
    assert not extending.extend(same, days_on(same, 20), by=None, **WHY)
    assert (Campaign.objects.get().deadline, told().count()) == (campaign.deadline, 1)


BAD = [
    ({"last_day": ""}, "last_day", "Choisissez le nouveau dernier jour.", "Choose the new last day."),
    ({"last_day": "bientôt"}, "last_day", "Entrez une date.", "Enter a date."),
    ({"reason_fr": " "}, "reason_fr", "Dites pourquoi\u00a0: toutes", "Say why: everyone"),
    ({"reason_en": ""}, "reason_en", "Dites pourquoi\u00a0: toutes", "Say why: everyone"),
]


@pytest.mark.parametrize(("changes", "field", "french", "english"), BAD)
def test_bad_input_is_said_at_its_field_and_nothing_is_done(campaign, editor, changes, field, french, english):
    for language, message in {"fr": french, "en": english}.items():
        response = post(editor, campaign, language, **changes)
        form = response.context["form"]
        assert list(form.errors) == [field]
        if language == "en" or field != "last_day" or changes[field] == "":
            assert form.errors[field][0].startswith(message)
        assert WHY["reason_fr"] in response.content.decode() or field == "reason_fr"
    assert Campaign.objects.get().extended_at is None


def test_a_day_that_is_no_later_or_beyond_the_limit_is_refused(campaign, editor):
    latest = end_dates.latest_end(campaign)
    for day, message in {
        days_on(campaign, 0): "the last day so far.",
        days_on(campaign, -3): "the last day so far.",
        latest + timedelta(days=1): "A campaign may not last longer",
    }.items():
        form = post(editor, campaign, last_day=day.isoformat()).context["form"]
        assert message in form.errors["last_day"][0]
    assert not extending.extend(campaign, latest + timedelta(days=1), by=None, **WHY)
    assert post(editor, campaign, last_day=latest.isoformat()).status_code == 302
    assert end_dates.day_of(Campaign.objects.get().deadline, campaign) == latest


@pytest.mark.parametrize("state", sorted(set(CampaignState) - {CampaignState.LIVE}))
def test_only_a_live_campaign_is_extended(campaign, editor, state):
    Campaign.objects.update(state=state)
    assert post(editor, campaign).status_code == 302
    assert not extending.extend(campaign, days_on(campaign, 7), by=None, **WHY)
    assert Campaign.objects.get().extended_at is None


def test_not_after_the_deadline(campaign, editor):
    end_now(campaign)
    post(editor, campaign)
    assert not extending.extend(campaign, days_on(campaign, 7), by=None, **WHY)
    assert Campaign.objects.get().first_deadline is None


class Killed(BaseException):
    """As a process that dies."""


def killed_after(count, act):
    """Run an act that dies before its next statement; whether it came to its end."""
    seen = 0

    def dying(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen > count:
            raise Killed
        return execute(sql, params, many, context)

    with suppress(Killed), connection.execute_wrapper(dying):
        return act()
    return False


@pytest.mark.django_db(transaction=True)
def test_killed_at_each_statement_it_has_done_nothing_or_all(cooperative):
    campaign = make_campaign(cooperative)
    make_pledge(campaign, paid=False)
    old, before, after = campaign.deadline, CampaignPage.objects.first().end_date, days_on(campaign, 7)
    found = []
    for count in range(200):
        fresh = Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)
        done = killed_after(count, lambda fresh=fresh: extending.extend(fresh, after, by=None, **WHY))
        pages = set(CampaignPage.objects.values_list("end_date", flat=True))
        found.append((Campaign.objects.get().first_deadline, told().count(), pages))
        if done or found[-1][0]:
            break
    assert found == [(None, 0, {before})] * (len(found) - 1) + [(old, 1, {after})]
    assert len(found) > 8


@pytest.mark.parametrize(
    ("language", "moved", "first"),
    [("fr", "Date de fin reportée au ", "(d’abord fixée au <s>"), ("en", "Deadline moved to ", "(first set for <s>")],
)
def test_the_old_date_stays_visible_on_the_page_and_in_ones_own(campaign, on_host, language, moved, first):
    pledge = make_pledge(campaign, paid=False, language=language)
    extending.extend(campaign, days_on(campaign, 7), by=None, **WHY)
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code=language)
    client = on_host(campaign.cooperative)
    html = client.get(f"/{language}/{page.slug}/").content.decode()
    assert first in html
    assert moved in tally(html)
    assert WHY[f"reason_{language}"] in tally(html)
    with translation.override(language):
        own = client.get(reverse("contribution", args=[contribution_token(pledge)])).content.decode()
    assert first in own and moved in words(own)


def test_a_backer_may_cancel_until_the_new_date(campaign):
    pledge = make_pledge(campaign, paid=False)
    old = campaign.deadline
    extending.extend(campaign, days_on(campaign, 7), by=None, **WHY)
    pledge = Pledge.objects.select_related("campaign").get(pk=pledge.pk)
    assert pledging.may_cancel(pledge, old + timedelta(days=1))
    assert not pledging.may_cancel(pledge, campaign.deadline)


def test_the_form_shows_the_new_date_and_a_draft_saved_before_brings_nothing_back(campaign, editor):
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    page.title = "Un titre de plus"
    page.save_revision()
    path = f"/admin/pages/{page.pk}/edit/"
    refused = editor.post(path, fields_of(page, end_date=days_on(campaign, 7).isoformat()))
    assert "The deadline may be extended once" in refused.context["form"].errors["end_date"][0]
    extending.extend(campaign, days_on(campaign, 7), by=None, **WHY)
    form = editor.get(path).context["form"]
    assert form["end_date"].value() == days_on(campaign, 0)
    page = CampaignPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    assert page.faults_to_publish() == []
    assert editor.post(path, fields_of(page) | {"action-publish": "1"}).status_code == 302
    fresh = CampaignPage.objects.get(pk=page.pk)
    assert (fresh.title, fresh.end_date) == ("Un titre de plus", days_on(campaign, 0))
    frozen = editor.post(path, fields_of(fresh, end_date=days_on(campaign, 3).isoformat()))
    assert frozen.context["form"].errors["end_date"] == ["The deadline no longer changes once the campaign is live."]


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_people_of_other_roles_are_refused(campaign, cooperative, role):
    client = at_home(cooperative, role)
    assert client.get(address(campaign)).status_code in (302, 403)
    assert post(client, campaign).status_code in (302, 403)
    assert Campaign.objects.get().extended_at is None


def test_another_cooperatives_campaign_is_out_of_reach(cooperative, outsider, editor):
    with within(outsider):
        theirs = make_campaign(outsider, title="Zanzibar")
        there = address(theirs)
    user = make_user(cooperative, Role.OWNER, "deux@ours.example")
    welcome(user, outsider, Role.OWNER)
    for person in (None, user):
        if person:
            editor.force_login(person)
        answers = [editor.get(there), editor.post(there, {"last_day": "2031-01-01", **WHY})]
        assert {answer.status_code for answer in answers} <= {302, 403, 404}
        assert "Zanzibar" not in editor.get(there, follow=True).content.decode()
    with within(outsider):
        assert Campaign.objects.get().extended_at is None


@pytest.mark.parametrize(
    ("passed", "amount", "unlikely"),
    [(14, 0, False), (15, 0, True), (15, 49_999, True), (15, 50_000, False), (29, 99_000, False), (29, 95_000, True)],
)
def test_a_goal_is_unlikely_where_a_straight_line_misses_it_from_half_of_the_time_on(
    campaign, passed, amount, unlikely
):
    now = clock.now()
    Campaign.objects.update(launched_at=now - timedelta(days=passed), deadline=now + timedelta(days=30 - passed))
    campaign.refresh_from_db()
    if amount:
        make_pledge(campaign, rewards=[], extra=amount, paid=False)
    assert likelihood.is_goal_unlikely(progress_of(campaign), now) is unlikely


def test_the_panel_offers_it_when_the_goal_is_unlikely(campaign, editor):
    assert "Goal unlikely" not in editor.get("/admin/").content.decode()
    Campaign.objects.update(launched_at=clock.now() - timedelta(days=40))
    html = editor.get("/admin/").content.decode()
    assert "Goal unlikely at this pace" in html
    assert "/extend/" in html
    campaign.refresh_from_db()
    extending.extend(campaign, days_on(campaign, 1), by=None, **WHY)
    html = editor.get("/admin/").content.decode()
    assert "Goal unlikely at this pace" in html and "/extend/" not in html


def test_the_page_in_the_admin_leads_there_while_it_may(campaign, editor):
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    assert address(campaign) in editor.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    extending.extend(campaign, days_on(campaign, 1), by=None, **WHY)
    assert address(campaign) not in editor.get(f"/admin/pages/{page.pk}/edit/").content.decode()


def test_the_state_machine_alone_keeps_the_first_deadline(campaign):
    old = campaign.deadline
    assert not lifecycle.extend(campaign, old, by=None, **WHY)
    assert lifecycle.extend(campaign, old + timedelta(days=2), by=None, **WHY)
    assert (campaign.first_deadline, campaign.is_extended) == (old, True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_people_at_the_same_moment_extend_once(cooperative):
    campaign = make_campaign(cooperative)
    make_pledge(campaign, paid=False)
    old, answers = campaign.deadline, []

    def act(days):
        fresh = Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)
        answers.append(extending.extend(fresh, days_on(campaign, days), by=None, **WHY))

    assert in_threads(*(scoped(cooperative, act, days) for days in (5, 6, 7, 8))) == []
    assert sorted(answers) == [False, False, False, True]
    assert (Campaign.objects.get().first_deadline, told().count()) == (old, 1)
