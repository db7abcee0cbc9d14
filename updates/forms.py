"""The editor's form of an update: what a delay notice may say, said at its field."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from home import clock
from home.tenancy import current_cooperative
from updates.enums import Audience
from updates.tier_choices import tier_choices

FieldErrors = dict[str, ValidationError]


class UpdatePageForm(WagtailAdminPageForm):
    """A draft may be unfinished; what is filled in is checked all the same."""

    tiers = forms.MultipleChoiceField(
        label=gettext_lazy("Rewards"), choices=tier_choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, message in self._audience_errors(cleaned):
            self.add_error(name, message)
        if "body" in cleaned:
            errors = {index: StructBlockValidationError(block_errors=found) for index, found in self._problems()}
            if errors:
                self.add_error("body", StreamBlockValidationError(block_errors=errors))
        return cleaned

    def _problems(self) -> Iterator[tuple[int, FieldErrors]]:
        campaign, announced = self._campaign(), self._announced()
        mine = {str(key) for key in campaign.rewards.values_list("block_id", flat=True)} if campaign else set()
        named: set[str] = set()
        for index, block in enumerate(self.cleaned_data["body"]):
            if block.block_type != "delay_notice":
                continue
            if notice := announced.get(str(block.id)):
                found = _changed_since(notice, block.value)
            else:
                found = _date_errors(block.value) | _tier_errors(block.value, mine, named)
            named |= set(block.value["rewards"] or [])
            if found:
                yield index, found

    def _audience_errors(self, cleaned: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """A draft may lack its tiers; a published update for the backers of some rewards names them."""
        if cleaned.get("audience") == Audience.TIERS and not cleaned.get("tiers") and not self.is_deferred_validation:
            yield "tiers", _("Choose the rewards whose backers may read it.")
        day = cleaned.get("public_on")
        if day and "public_on" in self.changed_data and day <= _today():
            yield "public_on", _("Choose a day to come.")

    def _campaign(self) -> Any:
        key = self.parent_page.translation_key
        return apps.get_model("campaigns", "Campaign").objects.filter(translation_key=key).first()

    def _announced(self) -> dict[str, Any]:
        """Notices already announced, by block id. Asked by name: models import this module."""
        notices = apps.get_model("updates", "DelayNotice").objects.prefetch_related("rewards")
        mine = notices.filter(update__translation_key=self.instance.translation_key)
        return {str(notice.block_id): notice for notice in mine}


def _today() -> date:
    cooperative = current_cooperative()
    return clock.now().astimezone(ZoneInfo(cooperative.time_zone if cooperative else "UTC")).date()


def _date_errors(value: Any) -> FieldErrors:
    today, errors = _today(), {}
    if value["month"] and value["month"] < today.replace(day=1):
        errors["month"] = ValidationError(_("Choose this month or a later one."))
    if value["next_news_on"] and value["next_news_on"] <= today:
        errors["next_news_on"] = ValidationError(_("Choose a day to come."))
    if value["pledged_before"] and value["pledged_before"] > today:
        errors["pledged_before"] = ValidationError(_("Choose today or an earlier day: later ones are yet to come."))
    return errors


def _tier_errors(value: Any, mine: set[str], named: set[str]) -> FieldErrors:
    chosen = set(value["rewards"] or [])
    if not chosen <= mine:
        return {"rewards": ValidationError(_("Choose rewards of this campaign only."))}
    if chosen & named:
        return {"rewards": ValidationError(_("A reward may stand in one notice only. Untick it here or above."))}
    return {}


def _changed_since(notice: Any, value: Any) -> FieldErrors:
    said = {
        "rewards": {str(reward.block_id) for reward in notice.rewards.all()},
        "month": notice.month,
        "pledged_before": notice.pledged_before,
        "next_news_on": notice.next_news_on,
    }
    meant = {name: value[name] for name in said} | {"rewards": set(value["rewards"] or [])}
    message = _("This notice is announced: it no longer changes. Another one, in a new update, corrects it.")
    return {name: ValidationError(message) for name in said if said[name] != meant[name]}
