"""Mails about what arrived or did not. `subject_key` is `item:<id>` (backers) or `problem:<id>` (the team)."""

from django.urls import reverse
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext

from home import formats
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges.arrivals import ANSWERED, CHECK, REPORTED
from pledges.links import contribution_token, contribution_url
from pledges.models import PledgeItem, Problem

EXCERPT = 300


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def _item_of(mail: OutgoingMail) -> PledgeItem:
    items = PledgeItem.objects.select_related("pledge__campaign__cooperative", "pledge__cooperative__site")
    return items.get(pk=_id_in(mail.subject_key))


def fill_check(mail: OutgoingMail) -> Context:
    item = _item_of(mail)
    pledge = item.pledge
    with translation.override(mail.language):
        path = reverse("contribution_arrival", args=[contribution_token(pledge), item.pk]) if mail.pk else "/"
    sent_at = item.state_since or mail.created_at
    return {
        "campaign": pledge.campaign,
        "reward": item.title,
        "date": formats.local_day(sent_at, pledge.cooperative.time_zone),
        "button_url": pledge.cooperative.root_url + path,
        "button_label": gettext("Answer"),
    }


def fill_answered(mail: OutgoingMail) -> Context:
    item = _item_of(mail)
    problem = Problem.objects.get(pk=_id_in(mail.occasion), item=item)
    pledge = item.pledge
    return _about(problem, pledge.cooperative.time_zone) | {
        "campaign": pledge.campaign,
        "reward": item.title,
        "editor_text": problem.answer,
        "button_url": contribution_url(pledge, mail.language) if mail.pk else pledge.cooperative.root_url + "/",
    }


def fill_reported(mail: OutgoingMail) -> Context:
    problems = Problem.objects.select_related("item__pledge__backer", "cooperative__site")
    problem = problems.get(pk=_id_in(mail.subject_key))
    return _about(problem, problem.cooperative.time_zone) | {
        "reward": problem.item.title,
        "problem_kind": problem.get_kind_display(),
        "backer_name": problem.item.pledge.backer.name,
        "fulfilment_state": problem.item.get_state_display(),
        "button_url": problem.cooperative.root_url + reverse("pledges_problem", args=[problem.pk]),
        "button_label": gettext("Answer"),
    }


def _about(problem: Problem, zone: str) -> Context:
    """What was written, or where nothing was, what was ticked."""
    said = " ".join(problem.text.split()) or problem.get_kind_display()
    return {
        "date": formats.local_day(problem.reported_at, zone),
        "problem_excerpt": Truncator(said).chars(EXCERPT),
    }


register(MailKind(CHECK, "pledges", Category.SERVICE, "Two weeks after a sending: did it arrive?", fill_check))
register(MailKind(ANSWERED, "pledges", Category.SERVICE, "The team answers about a problem.", fill_answered))
register(MailKind(REPORTED, "pledges", Category.TEAM, "A backer tells of a problem with a reward.", fill_reported))
