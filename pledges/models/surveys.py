"""What the team must know before it makes or mails a reward, and what each backer chose."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Reward, person
from home.languages import CHOICES, text_of
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.enums import QuestionKind, SurveyState
from pledges.models.pledges import PledgeItem


class Survey(models.Model):
    """Questions about one tier; changed by pledges.surveys. Words in both languages; nothing opens without French.

    `lock_on`: the last day (where the cooperative is) on which it may be answered. `asks_address`: the address is asked
    for or confirmed with it, and locked with it.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="surveys")
    state = models.CharField(_("state"), max_length=8, choices=SurveyState.choices, default=SurveyState.DRAFT)
    intro_fr = models.TextField(_("a word, in French"), max_length=1000, blank=True)
    intro_en = models.TextField(_("a word, in English"), max_length=1000, blank=True)
    asks_address = models.BooleanField(_("ask for the address, or confirm it"), default=False)
    lock_on = models.DateField(_("answers until"))
    created_at = models.DateTimeField()
    created_by = person()
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = person()
    locked_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("survey")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reward"], condition=~models.Q(state=SurveyState.LOCKED), name="survey_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reward_id} · {self.state}"

    @property
    def intro(self) -> str:
        return text_of(self, "intro")


class SurveyQuestion(models.Model):
    """One question. A CHOICE has options; the one marked as default counts for who does not answer."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(_("kind"), max_length=8, choices=QuestionKind.choices)
    label_fr = models.CharField(_("question, in French"), max_length=200)
    label_en = models.CharField(_("question, in English"), max_length=200)
    required = models.BooleanField(_("an answer is needed"), default=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return text_of(self, "label")


class SurveyOption(models.Model):
    question = models.ForeignKey(SurveyQuestion, on_delete=models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField()
    label_fr = models.CharField(_("choice, in French"), max_length=120)
    label_en = models.CharField(_("choice, in English"), max_length=120)
    is_default = models.BooleanField(_("counts without an answer"), default=False)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return text_of(self, "label")


class SurveyReply(models.Model):
    """That a backer answered for one item; again, until the survey is locked."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="replies")
    item = models.ForeignKey(PledgeItem, on_delete=models.PROTECT, related_name="replies")
    language = models.CharField(max_length=2, choices=CHOICES)
    replied_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["survey", "item"], name="survey_reply_once")]

    def __str__(self) -> str:
        return f"{self.survey_id} · {self.item_id}"


class SurveyAnswer(models.Model):
    """One answer, for one of the item's pieces (`number`, from 1): someone with two shirts has two sizes."""

    reply = models.ForeignKey(SurveyReply, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(SurveyQuestion, on_delete=models.PROTECT, related_name="answers")
    number = models.PositiveSmallIntegerField(default=1)
    option = models.ForeignKey(SurveyOption, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reply", "question", "number"], name="survey_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.question_id} · {self.number}"


class AddressCheck(models.Model):
    """One act: backers of some tiers were asked whether their address is still right, before it is locked."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="address_checks")
    tiers = models.ManyToManyField(Reward, related_name="+")
    ship_on = models.DateField(_("mailed from"))
    lock_on = models.DateField(_("corrections until"))
    asked_at = models.DateTimeField()
    asked_by = person()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("address check")

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.ship_on}"
