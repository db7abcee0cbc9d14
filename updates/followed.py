"""What an adviser follows in one cooperative, as lines that lead into its own admin.

Of backers there are counts, and nothing they wrote, nor who they are. Read in that cooperative's scope, in a number of
queries that does not depend on how many campaigns it has.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from zoneinfo import ZoneInfo

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import groups
from campaigns.admin import day_lines as review
from campaigns.models import Campaign, CampaignPage
from home import formats
from home.day_lines import sender_line
from home.models import Cooperative
from home.my_day import Line, Urgency
from home.tenancy import within
from pledges.admin.day_lines import account_line
from pledges.fulfilment import today_in
from updates import next_news, portfolios
from updates.day_lines import Leads, news_line, promise_line
from updates.enums import QuestionState
from updates.models import ReaderQuestion
from updates.portfolios import Dated


class Subject(Enum):
    """What the lines are about, in the order of the page."""

    DOSSIERS = gettext_lazy("Dossiers that wait for you")
    DATES = gettext_lazy("Launches and deadlines this week")
    PROMISES = gettext_lazy("Rewards promised for this month or earlier")
    NEWS = gettext_lazy("News promised and not given")
    REVIEW = gettext_lazy("Questions of the review without an answer")
    READERS = gettext_lazy("Questions of readers without an answer")


@dataclass(frozen=True)
class Followed:
    """One cooperative. `account` and `sender`: what is to settle there; None where all is well."""

    cooperative: Cooperative
    account: Line | None
    sender: Line | None
    lines: dict[Subject, list[Line]] = field(default_factory=dict)


def followed_in(cooperative: Cooperative) -> Followed:
    with within(cooperative):
        campaigns = {one.translation_key: one for one in Campaign.objects.filter(cooperative=cooperative)}
        pages = groups.source_pages(groups.pages_of(cooperative), campaigns)
        leads = Leads(set(), is_team=False)
        leads.pages = {one.pk: pages[key].pk for key, one in campaigns.items() if key in pages}
        today = today_in(cooperative)
        asked = review.asked_in(cooperative)
        known = [(page, campaigns.get(key), asked.get(key, review.Asked())) for key, page in pages.items()]
        return Followed(
            cooperative,
            account_line(cooperative),
            sender_line(cooperative),
            {
                Subject.DOSSIERS: [line for one in known for line in review.for_adviser(*one, cooperative)],
                Subject.DATES: [_date_line(one, leads) for one in portfolios.dates_of(cooperative, today)],
                Subject.PROMISES: [promise_line(one, leads) for one in portfolios.promises_of(cooperative, today)],
                Subject.NEWS: [news_line(one, leads) for one in next_news.missed(cooperative)],
                Subject.REVIEW: [_review_line(page, questions) for page, _one, questions in known if questions.due],
                Subject.READERS: list(_reader_lines(cooperative, leads)),
            },
        )


def _date_line(one: Dated, leads: Leads) -> Line:
    zone = one.campaign.cooperative.time_zone
    said = {"campaign": one.campaign.title, "date": formats.deadline(one.at, zone)}
    words = _("“%(campaign)s” opens on %(date)s") if one.is_launch else _("“%(campaign)s” ends on %(date)s")
    day = one.at.astimezone(ZoneInfo(zone)).date()
    return Line(Urgency.NEAR, f"{words % said}.", *leads.to_dossier(one.campaign), on=day)


def _review_line(page: CampaignPage, questions: review.Asked) -> Line:
    n, first = len(questions.due), min(questions.due)
    words = ngettext(
        "“%(campaign)s”: %(n)s question awaits the team’s answer, by %(date)s.",
        "“%(campaign)s”: %(n)s questions await the team’s answer, the first by %(date)s.",
        n,
    ) % {"campaign": page.draft_title, "n": formats.number(n), "date": formats.day(first)}
    return Line(Urgency.WAITING, words, reverse("campaigns_dossier", args=[page.pk]), _("Open the dossier"), on=first)


def _reader_lines(cooperative: Cooperative, leads: Leads) -> Iterator[Line]:
    """How many of each campaign, and since when: two queries."""
    waiting = ReaderQuestion.objects.filter(cooperative=cooperative, state=QuestionState.WAITING).order_by()
    rows = list(waiting.values("update__campaign").annotate(n=Count("pk"), first=Min("asked_at")))
    campaigns = Campaign.objects.in_bulk([row["update__campaign"] for row in rows])
    for row in rows:
        campaign, zone = campaigns[row["update__campaign"]], cooperative.time_zone
        words = ngettext(
            "“%(campaign)s”: %(n)s question awaits an answer, since %(date)s.",
            "“%(campaign)s”: %(n)s questions await an answer, the first since %(date)s.",
            row["n"],
        ) % {
            "campaign": campaign.title,
            "n": formats.number(row["n"]),
            "date": formats.local_day(row["first"], zone),
        }
        day = row["first"].astimezone(ZoneInfo(zone)).date()
        yield Line(Urgency.WAITING, words, *leads.to_dossier(campaign), on=day)
