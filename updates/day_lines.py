"""What waits in this room, on « Ma journée »: promised months and news, readers’ questions, drafts, paused mailings."""

from collections.abc import Iterator
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import groups
from campaigns.admin.access import ROLES, TEAM
from campaigns.models import Campaign
from home import formats
from home.admin_access import AdminRequest, has_role
from home.models import Role
from home.my_day import Line, Urgency, at_most, contributes
from pledges.fulfilment import today_in
from updates import advised, coaching, next_news, portfolios
from updates.coaching_words import PLAN
from updates.enums import MailingState, QuestionState
from updates.models import Mailing, ReaderQuestion
from updates.next_news import NextNews
from updates.portfolios import Promise


class Leads:
    """Where a line about a campaign leads: the team to its tools, an adviser to the dossier. One query at most."""

    def __init__(self, campaigns: set[Campaign], *, is_team: bool) -> None:
        self.is_team = is_team
        self.pages = groups.page_ids(campaigns) if campaigns and not is_team else {}

    def to_dossier(self, campaign: Campaign) -> tuple[str, str]:
        page = self.pages.get(campaign.pk)
        return (reverse("campaigns_dossier", args=[page]), _("Open the dossier")) if page else ("", "")

    def to_rewards(self, one: Promise) -> tuple[str, str]:
        if not self.is_team:
            return self.to_dossier(one.reward.campaign)
        asked = urlencode({"campaign": one.reward.campaign_id, "reward": one.reward.pk})
        return f"{reverse('pledges_fulfilment')}?{asked}", _("See who is waiting")

    def to_news(self, one: NextNews) -> tuple[str, str]:
        if not self.is_team:
            return self.to_dossier(one.campaign)
        draft = reverse("updates_draft", args=[one.campaign.pk, f"next-news:{one.notice.pk}"])
        return draft, _("Write the update")


@contributes
def promises(request: AdminRequest) -> Iterator[Line]:
    """Months that are over first, then the one that runs."""
    if not has_role(request, *ROLES):
        return
    found = portfolios.promises_of(request.cooperative, today_in(request.cooperative))
    is_team = has_role(request, *TEAM)
    leads = Leads({one.reward.campaign for one in found}, is_team=is_team)
    for is_late in (True, False):
        lines = [promise_line(one, leads) for one in found if one.is_late == is_late]
        if is_team:
            yield from at_most(lines, reverse("pledges_fulfilment"), _("See who is waiting"))
        else:
            yield from at_most(lines, reverse("campaigns_index"), _("See the campaigns"))


def promise_line(one: Promise, leads: Leads) -> Line:
    url, action = leads.to_rewards(one)
    said = {"reward": one.reward.title, "month": formats.month(one.month), "number": formats.number(one.people)}
    if one.is_late:
        words = ngettext(
            "“%(reward)s”: promised for %(month)s, which is over; %(number)s person is waiting",
            "“%(reward)s”: promised for %(month)s, which is over; %(number)s people are waiting",
            one.people,
        )
        return Line(Urgency.LATE, f"{words % said}.", url, action, on=one.month)
    words = ngettext(
        "“%(reward)s”: promised for %(month)s to %(number)s person",
        "“%(reward)s”: promised for %(month)s to %(number)s people",
        one.people,
    )
    return Line(Urgency.NEAR, f"{words % said}.", url, action, on=one.month)


@contributes
def promised_news(request: AdminRequest) -> Iterator[Line]:
    if has_role(request, *ROLES):
        missed = next_news.missed(request.cooperative)
        leads = Leads({one.campaign for one in missed}, is_team=has_role(request, *TEAM))
        yield from (news_line(one, leads) for one in missed)


def news_line(one: NextNews, leads: Leads) -> Line:
    said = {"campaign": one.campaign.title, "date": formats.day(one.on)}
    words = _("“%(campaign)s”: news was promised by %(date)s, and none came since.") % said
    return Line(Urgency.LATE, words, *leads.to_news(one), on=one.on)


@contributes
def questions(request: AdminRequest) -> Iterator[Line]:
    if not has_role(request, *TEAM):
        return
    cooperative = request.cooperative
    waiting = ReaderQuestion.objects.filter(cooperative=cooperative, state=QuestionState.WAITING)
    found = waiting.aggregate(n=Count("pk"), first=Min("asked_at"))
    if n := found["n"]:
        said = {"n": formats.number(n), "date": formats.local_day(found["first"], cooperative.time_zone)}
        words = ngettext(
            "%(n)s reader’s question of %(date)s awaits an answer.",
            "%(n)s readers’ questions await an answer, the first since %(date)s.",
            n,
        )
        day = found["first"].astimezone(ZoneInfo(cooperative.time_zone)).date()
        yield Line(Urgency.WAITING, words % said, reverse("updates_questions"), _("Answer"), on=day)


@contributes
def drafts(request: AdminRequest) -> Iterator[Line]:
    """Those that an occasion prepared; the empty ones of a plan wait for their own day."""
    if not has_role(request, *TEAM):
        return
    zone = request.cooperative.time_zone
    lines = []
    for waiting in coaching.waiting_for(request.cooperative):
        if waiting.draft.occasion not in PLAN:
            said = {"title": waiting.page.draft_title, "date": formats.local_day(waiting.draft.made_at, zone)}
            words = _("A draft awaits you: “%(title)s”, prepared on %(date)s.") % said
            url = reverse("wagtailadmin_pages:edit", args=[waiting.page.pk])
            lines.append(Line(Urgency.NEAR, words, url, _("Open the draft")))
    yield from at_most(lines, reverse("updates_mailings"), _("See the drafts"))


@contributes
def advised_elsewhere(request: AdminRequest) -> Iterator[Line]:
    if (n := len(advised.advised_by(request))) > 1:
        words = ngettext(
            "You advise %(n)s cooperative: what it waits for stands on one page.",
            "You advise %(n)s cooperatives: what they wait for stands on one page.",
            n,
        )
        yield Line(Urgency.CALM, words % {"n": formats.number(n)}, reverse("updates_portfolio"), _("Open my dossiers"))


@contributes
def mailings(request: AdminRequest) -> Iterator[Line]:
    if not has_role(request, Role.EDITOR, Role.OWNER):
        return
    paused = Mailing.objects.filter(cooperative=request.cooperative, state=MailingState.PAUSED)
    for mailing in paused.select_related("update").order_by("paused_at"):
        words = _("The sending of “%(title)s” is paused: nothing more leaves until you decide.") % {
            "title": mailing.update.title
        }
        yield Line(Urgency.FIRST, words, reverse("updates_mailing", args=[mailing.pk]), _("Resume or cancel"))
