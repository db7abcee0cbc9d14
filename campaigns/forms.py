"""The editor's form: what is frozen is said at its field, and nothing is lost."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from home import clock
from home.fields import AmountField

FROZEN_GOAL = gettext_lazy(
    "The goal no longer changes once the campaign is live: people contributed relying on it. "
    "To aim higher, add a stretch goal."
)
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
    goal = AmountField(label=gettext_lazy("Goal"), min_cents=100)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        campaign = self.instance.campaign
        if campaign is not None and campaign.is_frozen:
            self._refuse_frozen_terms(campaign)
        elif (end := cleaned.get("end_date")) and end < clock.now().date():
            self.add_error("end_date", _("Choose a day that has not passed."))
        if self.data.get("action-submit"):
            self._check_completeness(cleaned)
        if "body" in cleaned:
            self._check_tiers(cleaned["body"], campaign)
        return cleaned

    def _check_completeness(self, cleaned: dict[str, Any]) -> None:
        """What an adviser must be able to read; said at the page, as goal and last day say it at their own fields."""
        kinds = {block.block_type for block in cleaned.get("body") or []}
        for kind, message in NEEDED_BLOCKS.items():
            if "body" in cleaned and kind not in kinds:
                self.add_error(NON_FIELD_ERRORS, message)

    def _refuse_frozen_terms(self, campaign: Any) -> None:
        messages = {"goal": FROZEN_GOAL, "funding_model": FROZEN_MODEL, "end_date": FROZEN_DEADLINE}
        kept = {"goal": campaign.goal, "funding_model": campaign.funding_model}
        for name, message in messages.items():
            wanted = self.cleaned_data.get(name)
            if wanted is not None and wanted != kept.get(name, self.initial.get(name)):
                self.add_error(name, message)

    def _check_tiers(self, body: Any, campaign: Any) -> None:
        rewards = {str(reward.block_id): reward for reward in campaign.rewards.all()} if campaign else {}
        stream_errors: dict[Any, Exception] = {}
        seen: set[str] = set()
        for index, block in enumerate(body):
            if block.block_type != "reward_tiers":
                continue
            seen |= {child.id for child in block.value.bound_blocks}
            missing = [reward for key, reward in rewards.items() if reward.frozen_at and key not in seen]
            if error := _list_error(block.value.bound_blocks, rewards, missing):
                stream_errors[index] = error
        if stream_errors:
            self.add_error("body", StreamBlockValidationError(block_errors=stream_errors))
        elif not seen and any(reward.frozen_at for reward in rewards.values()):
            self.add_error(NON_FIELD_ERRORS, _deleted(next(r for r in rewards.values() if r.frozen_at)))


def _list_error(children: Any, rewards: dict[str, Any], missing: list[Any]) -> ListBlockValidationError | None:
    errors: dict[int, Exception] = {}
    titles: set[str] = set()
    for index, child in enumerate(children):
        fields = _frozen_fields(child.value, rewards.get(str(child.id)))
        title = child.value["title"].strip().casefold()
        if title in titles:
            fields["title"] = ValidationError(_("Another reward has this title. Choose a different one."))
        titles.add(title)
        if fields:
            errors[index] = StructBlockValidationError(block_errors=fields)
    general = ValidationError([_deleted(reward) for reward in missing]) if missing else None
    if not errors and general is None:
        return None
    return ListBlockValidationError(block_errors=errors, non_block_errors=general)


def _frozen_fields(value: Any, reward: Any) -> dict[str, Exception]:
    if reward is None:
        return {}
    errors: dict[str, Exception] = {}
    if reward.frozen_at and value["amount"] != reward.amount:
        errors["amount"] = ValidationError(
            _(
                "The amount no longer changes: people have chosen this reward. "
                "To offer another amount, retire it and create a new one."
            )
        )
    if reward.frozen_at and value["estimated_delivery"] != reward.estimated_delivery:
        errors["estimated_delivery"] = ValidationError(
            _("The month has been promised since the first contribution. To change it, announce it.")
        )
    if reward.frozen_at and (value["limit"] is None) != (reward.limit is None):
        errors["limit"] = ValidationError(_limit_words(reward))
    stock = getattr(reward, "stock", None)
    if stock and value["limit"] is not None and value["limit"] < stock.held + stock.promised:
        taken = stock.held + stock.promised
        errors["limit"] = ValidationError(
            ngettext(
                "%(taken)d is already held or promised: the limit cannot be lower.",
                "%(taken)d are already held or promised: the limit cannot be lower.",
                taken,
            )
            % {"taken": taken}
        )
    return errors


def _limit_words(reward: Any) -> str:
    if reward.limit is None:
        return _(
            "A limit can no longer be added: people have chosen this reward. "
            "To offer a limited number, retire it and create a new one."
        )
    return _("The limit can be raised, but no longer removed: people have chosen this reward.")


def _deleted(reward: Any) -> ValidationError:
    message = _("“%(reward)s” is promised to backers; it cannot be deleted. Retire it instead.")
    return ValidationError(message % {"reward": reward.title})
