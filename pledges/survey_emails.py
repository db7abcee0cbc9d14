"""Mails about a survey: that it is open, and two reminders to who has not answered.

`subject_key` is `pledge:<id>`, `occasion` is `survey:<id>`.
"""

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from home import formats
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import own_settings, survey_answers
from pledges.links import contribution_token
from pledges.models import Pledge, Survey
from pledges.surveys import FIRST, LAST, OPENED


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def fill_survey(mail: OutgoingMail) -> Context:
    pledges = Pledge.objects.select_related("campaign__cooperative", "cooperative__site", "backer")
    pledge = pledges.get(pk=_id_in(mail.subject_key))
    survey = Survey.objects.select_related("reward", "cooperative").get(pk=_id_in(mail.occasion))
    item = pledge.items.filter(reward=survey.reward_id).order_by("-quantity").first()
    asks_address = survey.asks_address and own_settings.needs_address(pledge)
    titles = survey_answers.titles(survey, address=asks_address)
    return {
        "campaign": pledge.campaign,
        "reward": item.title if item else survey.reward.title,
        "lock_date": formats.day(survey.lock_on),
        "titles": ", ".join(titles),
        "count_line": _count_line(len(titles)),
        "default_choice": survey_answers.default_words(survey),
        "editor_text": survey.intro,
        "is_last": mail.kind == LAST,
        "button_url": _url(mail, pledge, survey),
        "button_label": gettext("Answer"),
    }


def _count_line(count: int) -> str:
    words = ngettext("%(n)s question; about a minute.", "%(n)s questions; about a minute.", count)
    return words % {"n": formats.number(count)}


def _url(mail: OutgoingMail, pledge: Pledge, survey: Survey) -> str:
    if not mail.pk:
        return pledge.cooperative.root_url + "/"
    with translation.override(mail.language):
        path = reverse("contribution_survey", args=[contribution_token(pledge), survey.pk])
    return pledge.cooperative.root_url + path


for _key, _purpose in (
    (OPENED, "What a backer must choose before a reward is made."),
    (FIRST, "A survey is not answered yet."),
    (LAST, "A survey is not answered, two days before its end."),
):
    register(MailKind(_key, "pledges", Category.SERVICE, _purpose, fill_survey))
