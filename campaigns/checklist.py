"""Is a campaign ready to be launched? Ten points, computed each time from the page, the cooperative and the review.

Six of them hold a launch back; the others are advice. What a federation added stands after them (campaigns.own_points).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import goal, groups, measures, own_points, questions
from campaigns.enums import PREPARING, CampaignState
from campaigns.models import Campaign, CampaignPage
from home import clock, formats
from home.languages import FRENCH
from home.models import Cooperative
from home.translation import bilingual

#: Without these, nothing is launched.
BLOCKING = frozenset({"languages", "deadline", "deliveries", "payments", "legal", "review"})

#: How long a video should be, in seconds.
VIDEO_LENGTH = range(60, 181)


@dataclass(frozen=True)
class Point:
    """`sentence` says what is so, or what is to do; `url` leads there, named `link`. `holds`: it blocks, as those of
    BLOCKING do.
    """

    key: str
    done: bool
    sentence: str
    link: str = ""
    url: str = ""
    holds: bool = False

    @property
    def blocks(self) -> bool:
        """Not done, and holds the launch back."""
        return not self.done and (self.holds or self.key in BLOCKING)


@dataclass(frozen=True)
class Checklist:
    points: list[Point]

    @property
    def done(self) -> int:
        return sum(point.done for point in self.points)

    @property
    def total(self) -> int:
        return len(self.points)

    @property
    def blocking(self) -> list[Point]:
        return [point for point in self.points if point.blocks]

    @property
    def missing(self) -> list[Point]:
        return [point for point in self.points if not point.done]

    @property
    def heading(self) -> str:
        words = ngettext(
            "Ready to launch? %(done)s of %(total)s done", "Ready to launch? %(done)s of %(total)s done", self.done
        )
        return words % {"done": formats.number(self.done), "total": formats.number(self.total)}


def of(page: CampaignPage, cooperative: Cooperative) -> Checklist:
    """What a version of the source page would be launched with."""
    return Checklist(list(_Checker(page, cooperative).points()))


class _Checker:
    def __init__(self, page: CampaignPage, cooperative: Cooperative) -> None:
        self.page, self.cooperative = page, cooperative
        self.edit_url = reverse("wagtailadmin_pages:edit", args=[page.pk])
        self.dossier_url = reverse("campaigns_dossier", args=[page.pk])

    def points(self) -> Iterator[Point]:
        yield self._goal()
        yield self._tiers()
        yield self._video()
        yield self._languages()
        yield self._deadline()
        yield self._deliveries()
        yield self._payments()
        yield self._sender()
        yield self._legal()
        yield self._review()
        for own in own_points.of(self.page, self.cooperative):
            yield Point(f"own:{own.key}", own.done, own.sentence, _("Confirm"), self.dossier_url, own.blocks)

    @cached_property
    def campaign(self) -> Campaign | None:
        return Campaign.objects.filter(translation_key=self.page.translation_key).select_related("approved_by").first()

    @cached_property
    def assessment(self) -> goal.Assessment:
        return goal.assess(self.page)

    def _money(self, cents: int) -> str:
        return formats.money(cents, self.cooperative.currency)

    def _block(self, block_id: object) -> str:
        """The address of a block in the editor, as Wagtail names its sections."""
        return f"{self.edit_url}#block-{block_id}-section"

    def _block_of_kind(self, kind: str) -> str:
        block = next((one for one in self.page.body if one.block_type == kind), None)
        return self._block(block.id) if block else f"{self.edit_url}#id_body"

    def _goal(self) -> Point:
        found = self.assessment
        if found.budget_total is None or self.page.goal is None:
            words = _("Say what the money is for: add a budget, and set the goal.")
            return Point("goal", False, words, _("Add the budget"), self._block_of_kind("budget"))
        if found.gap:
            words = _("After costs and fees, the budget is %(gap)s short.") % {"gap": self._money(found.gap)}
            return Point("goal", False, words, _("Review the goal"), f"{self.edit_url}#id_goal")
        words = _("The goal covers the budget: %(goal)s for %(budget)s") % {
            "goal": measures.goal_of(self.page, self.cooperative.currency),
            "budget": self._money(found.budget_total),
        }
        return Point("goal", True, words)

    def _tiers(self) -> Point:
        if not self.page.tier_blocks:
            words = _("Add a reward: people choose from them.")
            return Point("tiers", False, words, _("Add"), self._block_of_kind("reward_tiers"))
        if losing := self.assessment.losing:
            words = _("“%(reward)s” costs %(cost)s and brings in %(net)s.") % {
                "reward": losing[0].title,
                "cost": self._money(losing[0].cost),
                "net": self._money(losing[0].net),
            }
            return Point("tiers", False, words, _("Review the reward"), self._block(losing[0].block_id))
        return Point("tiers", True, _("Each reward brings in more than it costs"))

    def _video(self) -> Point:
        videos = [block for block in self.page.body if block.block_type == "video"]
        for block in videos:
            if _is_good_video(block.value):
                minutes, seconds = divmod(block.value["duration"], 60)
                words = _("%(duration)s video, with captions or a transcript")
                return Point("video", True, words % {"duration": _duration(minutes, seconds)})
        words = _("Add a one- to three-minute video, with captions or a transcript.")
        return Point("video", False, words, _("Add"), self._block_of_kind("video"))

    def _languages(self) -> Point:
        twin = groups.twin_of(self.page)
        missing = bilingual.missing_in(self.page, twin) if twin and self._is_french else 0
        if twin and missing == 0:
            return Point("languages", True, _("French and English up to date"))
        if twin is None:
            url = reverse("wagtail_localize:submit_page_translation", args=[self.page.pk])
            return Point("languages", False, _("The page is not translated into English yet."), _("Translate"), url)
        words = ngettext(
            "%(n)s passage to translate into English.", "%(n)s passages to translate into English.", missing
        )
        url = reverse("wagtailadmin_pages:edit", args=[twin.pk])
        return Point("languages", False, words % {"n": formats.number(missing)}, _("Translate"), url)

    @property
    def _is_french(self) -> bool:
        """What is written in English first is put into French by hand."""
        return self.page.locale.language_code == FRENCH

    def _first_day(self) -> date:
        """When it was launched, or is to be; else today."""
        at = (self.campaign and (self.campaign.launched_at or self.campaign.launch_at)) or clock.now()
        return at.astimezone(ZoneInfo(self.cooperative.time_zone)).date()

    def _deadline(self) -> Point:
        last, most = self.page.end_date, self.cooperative.max_campaign_days
        link, url = _("Change the deadline"), f"{self.edit_url}#id_end_date"
        if last is None:
            return Point("deadline", False, _("Choose the last day of the campaign."), link, url)
        days = (last - self._first_day()).days
        if days < 1:
            return Point("deadline", False, _("The campaign would end before it has begun."), link, url)
        said = {"n": formats.number(days), "max": formats.number(most)}
        if days > most:
            words = ngettext(
                "The campaign would last %(n)s day; the limit is %(max)s days.",
                "The campaign would last %(n)s days; the limit is %(max)s days.",
                days,
            )
            return Point("deadline", False, words % said, link, url)
        words = ngettext(
            "%(n)s-day campaign, within the limit of %(max)s days",
            "%(n)s-day campaign, within the limit of %(max)s days",
            days,
        )
        return Point("deadline", True, words % said)

    def _deliveries(self) -> Point:
        for child in self.page.tier_blocks:
            month = child.value["estimated_delivery"]
            if month and self.page.end_date and not child.value["retired"] and _end_of(month) <= self.page.end_date:
                words = _("The reward “%(reward)s” is expected in %(month)s, before the deadline.")
                said = {"reward": child.value["title"], "month": formats.month(month)}
                return Point("deliveries", False, words % said, _("Change the month"), self._block(child.id))
        return Point("deliveries", True, _("All deliveries come after the deadline"))

    def _payments(self) -> Point:
        said = {"processor": settings.PAYMENT_PROCESSOR_NAME}
        if self.cooperative.takes_payments:
            return Point("payments", True, _("%(processor)s account ready to take payments") % said)
        words = _("The %(processor)s account still needs information.") % said
        return Point("payments", False, words, _("Open the payment account"), reverse("pledges_account"))

    def _sender(self) -> Point:
        said = {"sender": self.cooperative.sender_email}
        if self.cooperative.sender_verified_at:
            return Point("sender", True, _("Sending address verified: %(sender)s") % said)
        words = _("%(sender)s is not verified yet; emails may be filtered.") % said
        return Point("sender", False, words, _("Verify"), reverse("sender_verification"))

    def _legal(self) -> Point:
        needed = {
            _("legal name"): self.cooperative.legal_name,
            _("address"): self.cooperative.address,
            _("telephone"): self.cooperative.phone,
        }
        missing = [name for name, value in needed.items() if not value.strip()]
        if not missing:
            return Point("legal", True, _("Legal name, address and phone present"))
        words = _("Missing: %(missing)s. The law requires them before any payment.")
        url = reverse("cooperative_identity")
        return Point("legal", False, words % {"missing": ", ".join(missing)}, _("Add"), url)

    def _review(self) -> Point:
        waiting = list(questions.open_questions(self.page).order_by("answer_by", "pk"))
        if waiting:
            return self._questions(waiting)
        if self.campaign is None or self.campaign.state == CampaignState.DRAFT:
            words = _("The campaign is to be submitted for review.")
            return Point("review", False, words, _("Submit for review"), self.dossier_url)
        if self.campaign.approved_at is None:
            words = _("The adviser is reading the dossier.")
            return Point("review", False, words, _("See the dossier"), self.dossier_url)
        day = formats.local_day(self.campaign.approved_at, self.cooperative.time_zone)
        if self.campaign.approved_by is None:
            return Point("review", True, _("Approved on %(date)s") % {"date": day})
        words = _("Approved by %(adviser)s on %(date)s")
        return Point("review", True, words % {"adviser": self.campaign.approved_by, "date": day})

    def _questions(self, waiting: list[Any]) -> Point:
        unanswered = [one for one in waiting if one.answered_at is None]
        url = f"{self.dossier_url}#question-{(unanswered or waiting)[0].pk}"
        if unanswered:
            words = ngettext(
                "%(n)s question awaits your answer, by %(date)s.",
                "%(n)s questions await your answer, by %(date)s.",
                len(unanswered),
            )
            said = {"n": formats.number(len(unanswered)), "date": formats.day(unanswered[0].answer_by)}
            return Point("review", False, words % said, _("Answer"), url)
        words = ngettext(
            "%(n)s answer is to be concluded by the adviser.",
            "%(n)s answers are to be concluded by the adviser.",
            len(waiting),
        )
        return Point("review", False, words % {"n": formats.number(len(waiting))}, _("See the dossier"), url)


def _is_good_video(value: Any) -> bool:
    told = value.get("transcript") or value.get("captions")
    return (value.get("duration") or 0) in VIDEO_LENGTH and bool(told)


def _duration(minutes: int, seconds: int) -> str:
    return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": f"{seconds:02}"}


def _end_of(month: date) -> date:
    """The last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def is_shown_for(campaign: Campaign | None) -> bool:
    """Until the launch."""
    return campaign is None or campaign.state in PREPARING | {CampaignState.ANNOUNCED}
