"""The words of drafts that are prepared for the team, in the language that is active, and what to do with each.

An occasion says what a draft is for: `plan:launch`, `50`, `72h`, `72h:extended`, `thanks`, `silence:2027-03-01`,
`next-news:12`. What stands before the colon is its kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape

from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import strip_tags
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home import formats
from home.languages import LANGUAGES
from pledges.templatetags.pledge_tags import sentence
from pledges.totals import Progress
from updates.draft_pages import Bilingual, Words

#: The plan of messages: occasion, title of the empty draft, what it is for.
PLAN: dict[str, tuple[Promise, Promise]] = {
    "plan:launch": (_("The campaign is open"), _("On the first day: who you are, what is asked for, and until when.")),
    "plan:halfway": (_("Halfway through the campaign"), _("What has been done so far, and what is still missing.")),
    "plan:72h": (_("The last three days"), _("Who is still hesitating? Say what their help would change.")),
    "plan:thanks": (
        _("Thank you from the whole team"),
        _("Once the outcome is known: thank, and say what comes next."),
    ),
    "plan:production": (_("In production"), _("Show the work: a photo says more than a paragraph.")),
    "plan:ready": (_("It is ready"), _("What leaves when, and what each person has to do.")),
}

HINTS: dict[str, Promise] = {
    "25": _("Thank those who came first, and tell what their help starts."),
    "50": _("Thank, and ask each person to tell one other."),
    "75": _("Say what the last quarter is for."),
    "100": _("Thank, and say what happens now."),
    "72h": PLAN["plan:72h"][1],
    "24h": _("A few lines are enough: the hour of the end, and a link to share."),
    "thanks": PLAN["plan:thanks"][1],
    "silence": _("A few lines are enough, even if nothing has changed."),
    "next-news": _("A few lines are enough, even if nothing has changed."),
}


@dataclass(frozen=True)
class Figures:
    """What a draft says, as of `at`. Of rewards owed: `people_waiting`. Of promised news: when it was due."""

    campaign: Campaign
    progress: Progress
    at: datetime
    people_waiting: int = 0
    news_since: datetime | None = None
    news_due_on: date | None = None

    @property
    def today(self) -> str:
        return self.day(self.at)

    def day(self, instant: datetime) -> str:
        return formats.local_day(instant, self.campaign.cooperative.time_zone)


def kind_in(occasion: str) -> str:
    return occasion if occasion in PLAN else occasion.partition(":")[0]


def hint_for(occasion: str) -> Promise:
    """What to do with the draft, in a sentence for the team."""
    return PLAN[occasion][1] if occasion in PLAN else HINTS[kind_in(occasion)]


def empty(occasion: str) -> Bilingual:
    """A title of the plan, and a page to write."""
    return _in_each(lambda: Words(str(PLAN[occasion][0])))


def filled(occasion: str, figures: Figures) -> Bilingual:
    return _in_each(lambda: WRITERS[kind_in(occasion)](figures))


def _in_each(write: Callable[[], Words]) -> Bilingual:
    said = {}
    for language in LANGUAGES:
        with translation.override(language):
            said[language] = write()
    return said


# ------------------------------------------------------------------ while the campaign runs


def _milestone(title: Promise) -> Callable[[Figures], Words]:
    return lambda figures: Words(
        str(title),
        f"{plain(sentence(figures.progress))}.",
        (
            _as_of(figures),
            gettext("Thank you to each of you. To go further, talk about the campaign around you: that helps most."),
        ),
    )


def _reached(figures: Figures) -> Words:
    return Words(
        gettext("The goal is reached"),
        f"{plain(sentence(figures.progress))}.",
        (
            _as_of(figures),
            gettext(
                "Thank you to each of you. The campaign goes on until its last day: what comes now takes us further."
            ),
        ),
    )


def _last_days(figures: Figures) -> Words:
    return Words(str(PLAN["plan:72h"][0]), f"{time_left(figures)}", _ask(figures))


def _last_day(figures: Figures) -> Words:
    return Words(gettext("The last day"), f"{time_left(figures)}", _ask(figures))


def _ask(figures: Figures) -> tuple[str, ...]:
    return (
        _as_of(figures),
        gettext("You know someone who would like to take part? It is time to tell them."),
    )


def _as_of(figures: Figures) -> str:
    """People, amount, share and time left, as whole sentences one after the other."""
    n, said = figures.progress.backers, {"date": figures.today}
    if n:
        people = ngettext(
            "As of %(date)s, %(n)s person has contributed.", "As of %(date)s, %(n)s people have contributed.", n
        ) % (said | {"n": formats.number(n)})
    else:
        people = gettext("As of %(date)s, no one has contributed yet.") % said
    return " ".join([people, f"{plain(sentence(figures.progress))}.", time_left(figures)])


def time_left(figures: Figures) -> str:
    """« Il reste 3 jours : la campagne prend fin le … »"""
    campaign = figures.campaign
    left = campaign.deadline - figures.at
    days, hours = left // timedelta(days=1), left // timedelta(hours=1)
    said = {"deadline": formats.deadline(campaign.deadline, campaign.cooperative.time_zone)}
    if hours < 1:
        return gettext("Less than an hour left: the campaign ends on %(deadline)s.") % said
    if days < 1:
        words = ngettext(
            "%(n)s hour left: the campaign ends on %(deadline)s.",
            "%(n)s hours left: the campaign ends on %(deadline)s.",
            hours,
        )
        return words % (said | {"n": formats.number(hours)})
    words = ngettext(
        "%(n)s day left: the campaign ends on %(deadline)s.",
        "%(n)s days left: the campaign ends on %(deadline)s.",
        days,
    )
    return words % (said | {"n": formats.number(days)})


# ------------------------------------------------------------------ after it


def _thanks(figures: Figures) -> Words:
    campaign, n = figures.campaign, figures.progress.backers
    said = {"n": formats.number(n), "campaign": campaign.title, "result": result_of(figures.progress)}
    contributed = ngettext("%(n)s person contributed: %(result)s.", "%(n)s people contributed: %(result)s.", n) % said
    if campaign.is_missed:
        return Words(
            gettext("Thank you, and what comes next"),
            gettext("The goal was not reached. Here is what we make of it."),
            (
                contributed if n else gettext("The campaign “%(campaign)s” is over.") % said,
                gettext("The goal was not reached. No card was charged. Thank you for your support."),
            ),
        )
    return Words(
        gettext("Thank you from the whole team"),
        ngettext("%(n)s person made “%(campaign)s” possible.", "%(n)s people made “%(campaign)s” possible.", n) % said,
        (contributed, gettext("Here is what comes next, and when you will hear from us.")),
    )


def result_of(progress: Progress) -> str:
    """« 12 450 $ promis sur 10 000 $ (124 %) », without marks."""
    return plain(sentence(progress))


def _silence(figures: Figures) -> Words:
    since = figures.news_since
    last = [gettext("Our last news was on %(date)s.") % {"date": figures.day(since)}] if since else []
    return Words(
        gettext("News of your rewards"),
        gettext("Where the rewards are, and when you will hear from us again."),
        (" ".join([*last, _waiting(figures)]), gettext("Here is where we are.")),
    )


def _next_news(figures: Figures) -> Words:
    due = formats.day(figures.news_due_on) if figures.news_due_on else ""
    return Words(
        gettext("The news we promised"),
        gettext("We promised news by %(date)s. Here it is.") % {"date": due},
        (_waiting(figures), gettext("Here is where we are.")),
    )


def _waiting(figures: Figures) -> str:
    n = figures.people_waiting
    words = ngettext(
        "As of %(date)s, %(n)s person is waiting for a reward.",
        "As of %(date)s, %(n)s people are waiting for a reward.",
        n,
    )
    return words % {"date": figures.today, "n": formats.number(n)}


def plain(marked: str) -> str:
    """A sentence of the public pages without its marks."""
    return unescape(strip_tags(str(marked)))


WRITERS: dict[str, Callable[[Figures], Words]] = {
    "25": _milestone(_("A quarter of the goal")),
    "50": _milestone(_("Half of the goal")),
    "75": _milestone(_("Three quarters of the goal")),
    "100": _reached,
    "72h": _last_days,
    "24h": _last_day,
    "thanks": _thanks,
    "silence": _silence,
    "next-news": _next_news,
}
