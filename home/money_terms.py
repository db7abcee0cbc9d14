"""The terms of a cooperative's money (commission, and from when on two people decide): who changed them is recorded."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from home import audit
from home.models import Cooperative
from home.models.cooperative import MONEY_TERMS
from home.tenancy import within

CHANGED = audit.act("money_terms_changed", _("Commission or limit of refunds changed"), is_money=True)


def note_change(
    sender: type[Cooperative], instance: Cooperative, created: bool, update_fields: Any = None, **kwargs: Any
) -> None:
    """After a save, in its transaction; `changed_by` is who did it, None for the platform itself."""
    saved = [name for name in MONEY_TERMS if update_fields is None or name in update_fields]
    before = getattr(instance, "terms_before", {})  # a fixture is loaded without `save`
    after = {name: getattr(instance, name) for name in saved}
    changed = {name: [before[name], after[name]] for name in saved if name in before and before[name] != after[name]}
    if changed and not created:
        with within(instance):
            audit.record(CHANGED, cooperative=instance, by=instance.changed_by, changed=changed)
