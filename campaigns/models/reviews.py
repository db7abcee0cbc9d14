"""The adviser's review as a task of a Wagtail workflow. What may be done in it is decided by campaigns.reviewing."""

from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import Task, TaskState

from home.models import Cooperative
from home.tenancy import ScopedManager

APPROVE, SEND_BACK = "approve_campaign", "send_campaign_back"


class AdviserReview(Task):
    """One per cooperative. Approving publishes nothing: it moves the campaign's own state.

    The actions bear names of their own: Wagtail's “approve” promises to publish.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[ScopedManager["AdviserReview"]] = ScopedManager()

    class Meta:
        verbose_name = _("review by an adviser")
        verbose_name_plural = _("reviews by an adviser")
        constraints: ClassVar = [models.UniqueConstraint(fields=["cooperative"], name="review_once_per_cooperative")]

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, str, bool]]:
        from campaigns import reviewing  # noqa: PLC0415 (it imports the models)

        if not reviewing.may_approve(user, obj.specific):
            return []
        return [(APPROVE, gettext("Approve"), False), (SEND_BACK, gettext("Ask for changes"), True)]

    @transaction.atomic
    def on_action(self, task_state: TaskState, user: Any, action_name: str, **kwargs: Any) -> None:
        if action_name == APPROVE:
            task_state.approve(user=user, **kwargs)
        elif action_name == SEND_BACK:
            task_state.reject(user=user, **kwargs)

    def get_task_states_user_can_moderate(self, user: Any, **kwargs: Any) -> QuerySet[TaskState]:
        """None: what waits for an adviser stands in the list of campaigns, which knows who may see it."""
        return TaskState.objects.none()
