"""The editor's form: what is frozen is said at its field, and nothing is lost."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.forms import WagtailAdminPageForm

from campaigns import budgets, next_goals, suggesting, tier_checks, translation_terms
from campaigns.enums import GoalUnit
from campaigns.goal_fields import GoalField
from home import clock, formats
from home.copying import PublicCopyForm
from home.models import Cooperative
from home.queries import cooperative_of

FROZEN_GOAL = gettext_lazy(
    "The goal no longer changes once the campaign is live: people contributed relying on it. "
    "To aim higher, add a stretch goal."
)
FROZEN_UNIT = gettext_lazy("What the goal counts no longer changes once the campaign is live.")
FROZEN_MODEL = gettext_lazy(
    "The model (all-or-nothing, flexible) and the currency no longer change once the campaign is live."
)
FROZEN_DEADLINE = gettext_lazy("The deadline no longer changes once the campaign is live.")

#: Blocks without which there is nothing to review.
NEEDED_BLOCKS = {
    "title": gettext_lazy("Add the title block: it opens the page."),
    "description": gettext_lazy("Add a description of the campaign."),
}


class CampaignPageForm(WagtailAdminPageForm):
    goal = GoalField(
        label=gettext_lazy("Goal"),
        min_cents=100,
        help_text=gettext_lazy("An amount, or for a presale a number of units: rewards chosen, without add-ons."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source_page = translation_terms.source_of(self.instance)
        if self.source_page is not None:
            translation_terms.lock_fields(self, self.source_page)
        if "goal" in self.fields and "goal_unit" in self.fields:
            self.fields["goal"].count(self["goal_unit"].value() or GoalUnit.MONEY)

    def clean_suggested_amounts(self) -> str:
        """As typed; read again when the page is published."""
        typed: str = self.cleaned_data["suggested_amounts"]
        suggesting.read(typed)
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.source_page is not None:
            if "body" in cleaned:
                translation_terms.check_body(self, self.source_page)
            return cleaned
        campaign = self.instance.campaign
        if campaign is not None and campaign.is_frozen:
            self._refuse_frozen_terms(campaign)
        elif end := cleaned.get("end_date"):
            self._check_end(end)
        if self.data.get("action-submit"):
            self._check_completeness(cleaned)
        if (body := cleaned.get("body")) is not None:
            self._check_tiers(body, campaign)
            budgets.check(self, body)
            next_goals.check(self, body)
        return cleaned

    def _check_completeness(self, cleaned: dict[str, Any]) -> None:
        """What an adviser must be able to read; said at the page, as goal and last day say it at their own fields."""
        kinds = {block.block_type for block in cleaned.get("body") or []}
        for kind, message in NEEDED_BLOCKS.items():
            if "body" in cleaned and kind not in kinds:
                self.add_error(NON_FIELD_ERRORS, message)

    def _refuse_frozen_terms(self, campaign: Any) -> None:
        messages = {
            "goal_unit": FROZEN_UNIT,
            "goal": FROZEN_GOAL,
            "funding_model": FROZEN_MODEL,
            "end_date": frozen_deadline(campaign),
        }
        kept = {
            "goal_unit": campaign.goal_unit,
            "goal": campaign.goal,
            "funding_model": campaign.funding_model,
            "end_date": _local(campaign.deadline, campaign.cooperative).date(),
        }
        wanted = {name: self.cleaned_data.get(name) for name in messages}
        if wanted["goal_unit"] not in (None, campaign.goal_unit):
            del wanted["goal"]  # it was read in the other unit
        for name, value in wanted.items():
            if value is not None and value != kept[name]:
                self.add_error(name, messages[name])

    def _check_end(self, end: date) -> None:
        """Before the launch, a campaign is counted from today."""
        if self.parent_page is None:
            return
        cooperative = cooperative_of(self.parent_page)
        today, longest = _local(clock.now(), cooperative).date(), cooperative.max_campaign_days
        latest = today + timedelta(days=longest)
        if end < today:
            self.add_error("end_date", _("Choose a day that has not passed."))
        elif end > latest:
            words = ngettext(
                "A campaign lasts %(days)d day at most. Choose %(latest)s or an earlier day.",
                "A campaign lasts %(days)d days at most. Choose %(latest)s or an earlier day.",
                longest,
            )
            self.add_error("end_date", words % {"days": longest, "latest": formats.day(latest)})

    def _check_tiers(self, body: Any, campaign: Any) -> None:
        if campaign is not None and campaign.is_frozen:
            end: datetime | None = _local(campaign.deadline, campaign.cooperative)
        else:
            last_day = self.cleaned_data.get("end_date")
            end = datetime.combine(last_day, time(23, 59, 59)) if last_day else None
        if errors := tier_checks.body_errors(body, campaign, end):
            self.add_error("body", errors)


def frozen_deadline(campaign: Any) -> str:
    """That the last day is frozen, and the one way to move it where there is one."""
    from campaigns import end_dates, lifecycle  # noqa: PLC0415 (they import the models)

    if not (lifecycle.may_extend(campaign, clock.now()) and end_dates.can_move(campaign)):
        return str(FROZEN_DEADLINE)
    words = _(
        "The deadline may be extended once, before %(deadline)s and no later than %(limit)s: "
        "see “Extend the deadline” at the top of the page."
    )
    return words % {
        "deadline": formats.deadline(campaign.deadline, campaign.cooperative.time_zone),
        "limit": formats.day(end_dates.latest_end(campaign)),
    }


class CampaignCopyForm(PublicCopyForm):
    """A copy is another campaign and starts as a draft: neither published with the copying, nor an alias."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("publish_copies", "alias"):
            self.fields.pop(name, None)


def _local(at: datetime, cooperative: Cooperative) -> datetime:
    """What the cooperative's clock shows at an instant."""
    return at.astimezone(ZoneInfo(cooperative.time_zone)).replace(tzinfo=None)
