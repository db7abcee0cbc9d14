"""Mails to editors and advisers about what was promised and what waits for them.

`subject_key` is `reward:<id>`, `notice:<id>` or `cooperative:<id>`.
"""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignState
from campaigns.models import Campaign, Reward
from home import formats
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import totals
from updates import portfolios
from updates.coaching_words import result_of
from updates.draft_pages import parent_of
from updates.models import DelayNotice


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def _url(mail: OutgoingMail, path: str) -> str:
    return mail.cooperative.root_url + path


def _about_tier(mail: OutgoingMail) -> Context:
    reward = Reward.objects.select_related("campaign").get(pk=_id_in(mail.subject_key))
    asked = urlencode({"campaign": reward.campaign_id, "reward": reward.pk})
    parent = parent_of(reward.campaign)
    notice = reverse("wagtailadmin_pages:add", args=["updates", "updatepage", parent.pk]) if parent else ""
    return {
        "reward": reward,
        "campaign": reward.campaign,
        "month": date.fromisoformat(mail.facts["month"]),
        "n": mail.facts["n"],
        "ready": mail.facts.get("ready", 0),
        "missing": mail.facts.get("missing", 0),
        "button_url": _url(mail, f"{reverse('pledges_fulfilment')}?{asked}"),
        "notice_url": _url(mail, notice) if notice else "",
    }


def fill_in_one_month(mail: OutgoingMail) -> Context:
    return _about_tier(mail) | {"button_label": gettext("See the list")}


def fill_week_late(mail: OutgoingMail) -> Context:
    return _about_tier(mail) | {"button_label": gettext("Mark as sent")}


def fill_news_missed(mail: OutgoingMail) -> Context:
    notice = DelayNotice.objects.select_related("campaign").get(pk=_id_in(mail.subject_key))
    draft = reverse("updates_draft", args=[notice.campaign_id, f"next-news:{notice.pk}"])
    return {
        "notice": notice,
        "campaign": notice.campaign,
        "zone": mail.cooperative.time_zone,
        "n": mail.facts["n"],
        "button_url": _url(mail, draft),
        "button_label": gettext("Write the update"),
    }


def fill_digest(mail: OutgoingMail) -> Context:
    facts = mail.facts
    few = (
        Reward.objects.filter(pk__in=facts["few"]).select_related("stock", "campaign").order_by("campaign", "position")
    )
    live = Campaign.objects.filter(cooperative=mail.cooperative, state=CampaignState.LIVE).order_by("deadline", "pk")
    progress = totals.progress_of_all(live)
    return {
        "n": facts["new"],
        "cancelled": facts["cancelled"],
        "amount": " + ".join(formats.money(cents, currency) for currency, cents in sorted(facts["amounts"].items())),
        "summary": summary_of(facts),
        "lines": [(campaign.title, result_of(progress[campaign.pk])) for campaign in live],
        "questions": facts["questions"],
        "few": [(reward.title, reward.stock.left) for reward in few],
        "todo": todo_of(facts["todo"]),
        "button_url": _url(mail, reverse("wagtailadmin_home")),
        "button_label": gettext("Open my day"),
    }


def summary_of(facts: dict[str, Any]) -> str:
    """What happened on a day without contributions, most telling first."""
    if n := facts["cancelled"]:
        return ngettext("%(n)s contribution cancelled", "%(n)s contributions cancelled", n) % {"n": formats.number(n)}
    if n := facts["asked"]:
        return ngettext("%(n)s question from readers", "%(n)s questions from readers", n) % {"n": formats.number(n)}
    if n := facts["reported"]:
        return ngettext("%(n)s problem reported", "%(n)s problems reported", n) % {"n": formats.number(n)}
    if n := facts["reviewed"]:
        words = ngettext("%(n)s question from your adviser", "%(n)s questions from your adviser", n)
        return words % {"n": formats.number(n)}
    n = facts["prepared"]
    return ngettext("%(n)s draft prepared", "%(n)s drafts prepared", n) % {"n": formats.number(n)}


def todo_of(counts: dict[str, int]) -> list[str]:
    """What there is to do, as short sentences; nothing for what is not."""
    words: dict[str, Callable[[int], str]] = {
        "drafts": lambda n: ngettext("%(n)s draft to finish", "%(n)s drafts to finish", n),
        "problems": lambda n: ngettext("%(n)s problem to answer", "%(n)s problems to answer", n),
        "review": lambda n: ngettext(
            "%(n)s question of the review to answer", "%(n)s questions of the review to answer", n
        ),
        "news": lambda n: ngettext(
            "%(n)s campaign whose promised news is awaited", "%(n)s campaigns whose promised news is awaited", n
        ),
        "late": lambda n: ngettext("%(n)s reward past its month", "%(n)s rewards past their month", n),
    }
    return [say(counts[key]) % {"n": formats.number(counts[key])} for key, say in words.items() if counts[key]]


def fill_weekly(mail: OutgoingMail) -> Context:
    portfolio = portfolios.portfolio_of(mail.cooperative, date.fromisoformat(mail.facts["today"]))
    return {
        "portfolio": portfolio,
        "zone": mail.cooperative.time_zone,
        "button_url": _url(mail, reverse("updates_portfolio")),
        "button_label": gettext("Open my dossiers"),
    }


for _key, _purpose, _fill, _choice in (
    (
        "promise_in_one_month",
        "A tier is promised for next month.",
        fill_in_one_month,
        _("A reward promised for next month"),
    ),
    (
        "promise_week_late",
        "A month is over for a week and nothing of a tier is sent.",
        fill_week_late,
        _("A reward that is a week late"),
    ),
    (
        "next_news_missed",
        "News was promised for a day that is over, and did not come.",
        fill_news_missed,
        _("News that we promised and did not give"),
    ),
    (
        "editor_digest",
        "What happened yesterday, if anything did.",
        fill_digest,
        _("Each morning, what happened the day before"),
    ),
    (
        "adviser_weekly",
        "What an adviser follows this week.",
        fill_weekly,
        _("Each Monday, the dossiers that I follow"),
    ),
):
    register(MailKind(_key, "updates", Category.TEAM, _purpose, _fill, _choice))
