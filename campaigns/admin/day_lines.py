"""What waits in this room, on « Ma journée »: dossiers to read, questions to answer, answers to read, launches held."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import groups, launching
from campaigns.admin.access import ROLES, TEAM
from campaigns.enums import CampaignState
from campaigns.models import Campaign, CampaignPage, ReviewQuestion
from home import clock, formats
from home.admin_access import AdminRequest, has_role
from home.models import Cooperative, Role
from home.my_day import Line, Urgency, contributes

HELD_AFTER = timedelta(minutes=5)


@dataclass
class Asked:
    """Open questions about one campaign: the days on which answers are due, and how many answers are to be read."""

    due: list[date] = field(default_factory=list)
    answered: int = 0


@contributes
def dossiers(request: AdminRequest) -> Iterator[Line]:
    if not has_role(request, *ROLES):
        return
    cooperative = request.cooperative
    campaigns = {one.translation_key: one for one in Campaign.objects.filter(cooperative=cooperative)}
    asked = asked_in(cooperative)
    for page in groups.source_pages(groups.pages_of(cooperative), campaigns).values():
        campaign = campaigns.get(page.translation_key)
        questions = asked.get(page.translation_key, Asked())
        if has_role(request, Role.ADVISER):
            yield from for_adviser(page, campaign, questions, cooperative)
        if has_role(request, *TEAM):
            yield from _for_team(page, campaign, questions, cooperative)


def asked_in(cooperative: Cooperative) -> dict[UUID, Asked]:
    """By translation key. One query."""
    rows = ReviewQuestion.objects.filter(cooperative=cooperative, settled_at=None)
    found: dict[UUID, Asked] = {}
    for key, answer_by, answered_at in rows.values_list("dossier__translation_key", "answer_by", "answered_at"):
        questions = found.setdefault(key, Asked())
        if answered_at is None:
            questions.due.append(answer_by)
        else:
            questions.answered += 1
    return found


def for_adviser(
    page: CampaignPage, campaign: Campaign | None, questions: Asked, cooperative: Cooperative
) -> Iterator[Line]:
    url = reverse("campaigns_dossier", args=[page.pk])
    if campaign is not None and campaign.state == CampaignState.IN_REVIEW and campaign.submitted_at is not None:
        zone = cooperative.time_zone
        said = {"campaign": page.draft_title, "date": formats.local_day(campaign.submitted_at, zone)}
        since = campaign.submitted_at.astimezone(ZoneInfo(zone)).date()
        words = _("“%(campaign)s” has been waiting to be read since %(date)s.") % said
        yield Line(Urgency.WAITING, words, url, _("Read the dossier"), on=since)
    if n := questions.answered:
        words = ngettext("“%(campaign)s”: %(n)s answer to read.", "“%(campaign)s”: %(n)s answers to read.", n) % {
            "campaign": page.draft_title,
            "n": formats.number(n),
        }
        yield Line(Urgency.WAITING, words, url, _("Read and conclude"))


def _for_team(
    page: CampaignPage, campaign: Campaign | None, questions: Asked, cooperative: Cooperative
) -> Iterator[Line]:
    url = reverse("campaigns_dossier", args=[page.pk])
    if questions.due:
        first, n = min(questions.due), len(questions.due)
        words = ngettext(
            "“%(campaign)s”: %(n)s question of the review awaits your answer, by %(date)s.",
            "“%(campaign)s”: %(n)s questions of the review await your answer, the first by %(date)s.",
            n,
        ) % {"campaign": page.draft_title, "n": formats.number(n), "date": formats.day(first)}
        overdue = first < clock.now().astimezone(ZoneInfo(cooperative.time_zone)).date()
        yield Line(Urgency.LATE if overdue else Urgency.WAITING, words, url, _("Answer"), on=first)
    if campaign is not None and _is_held(campaign):
        said = {"campaign": page.draft_title, "date": formats.deadline(campaign.launch_at, cooperative.time_zone)}  # type: ignore[arg-type]
        words = _("“%(campaign)s” was to open on %(date)s, and waits for what its dossier says.") % said
        yield Line(Urgency.FIRST, words, url, _("See what is missing"))


def _is_held(campaign: Campaign) -> bool:
    """Its launch was asked for at a moment that has passed, and the tick had the time to make it."""
    waits = campaign.state in launching.READY and campaign.launch_at is not None
    return waits and campaign.launch_at <= clock.now() - HELD_AFTER  # type: ignore[operator]
