"""The mails of this room: the review of a campaign, to its team; its opening, to those who asked to be told.

`subject_key` is `campaign:<id>` or `question:<id>`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import groups, queries
from campaigns.models import Campaign, CampaignPage, ReviewQuestion
from home import outbox
from home.mail.registry import Category, Context, MailKind, kind_of, register
from home.models import Cooperative, NewsConsent, OutgoingMail, Role, User


def opening_topic(campaign: Campaign) -> UUID:
    """The news of a campaign's opening and of its last hours: another consent than that to its updates."""
    return uuid5(campaign.translation_key, "opening")


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def members(cooperative: Cooperative, *roles: Role) -> Iterable[User]:
    """Everyone of the team with one of these roles, once each."""
    return User.objects.filter(
        pk__in=cooperative.memberships.filter(role__in=roles).values("user"), is_active=True
    ).order_by("pk")


def _dossier_url(cooperative: Cooperative, page: CampaignPage) -> str:
    return cooperative.root_url + reverse("campaigns_dossier", args=[page.pk])


def _source_page(key: UUID, campaign: Campaign | None) -> CampaignPage:
    pages = CampaignPage.objects.filter(translation_key=key, alias_of=None).select_related("locale")
    return groups.source_pages(pages, {key: campaign} if campaign else {})[key]


def _campaign_of(mail: OutgoingMail) -> Campaign:
    return Campaign.objects.select_related("cooperative__site").get(pk=_id_in(mail.subject_key))


# To the team


def tell_advisers(campaign: Campaign, page: CampaignPage) -> None:
    """A dossier waits for them; once for each time that it was submitted."""
    submitted_at = campaign.submitted_at.isoformat() if campaign.submitted_at else ""
    readers = [one for one in members(campaign.cooperative, Role.ADVISER) if one.pk != campaign.submitted_by_id]
    outbox.queue_all(
        outbox.mail_for(
            kind_of("dossier_submitted"),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            occasion=submitted_at,
            to=reader,
        )
        for reader in readers
    )


def tell_editors(question: ReviewQuestion) -> None:
    outbox.queue_all(
        outbox.mail_for(
            kind_of("question_asked"),
            cooperative=question.cooperative,
            subject_key=f"question:{question.pk}",
            to=reader,
        )
        for reader in members(question.cooperative, Role.EDITOR)
        if reader.pk != question.asked_by_id
    )


def tell_asker(question: ReviewQuestion) -> None:
    """Once a question, however often its answer is corrected."""
    if question.asked_by is not None and question.asked_by_id != question.answered_by_id:
        outbox.queue(
            kind_of("answer_given"),
            cooperative=question.cooperative,
            subject_key=f"question:{question.pk}",
            to=question.asked_by,
        )


def tell_launch_waits(campaign: Campaign) -> None:
    """To editors and direction, once for each moment that a launch was asked for."""
    occasion = campaign.launch_at.isoformat() if campaign.launch_at else ""
    outbox.queue_all(
        outbox.mail_for(
            kind_of("launch_waits"),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            occasion=occasion,
            to=reader,
            facts={"launch_at": occasion},
        )
        for reader in members(campaign.cooperative, Role.EDITOR, Role.OWNER)
    )


def fill_dossier(mail: OutgoingMail) -> Context:
    from campaigns import checklist  # noqa: PLC0415 (it asks what the review says, which sends mails)

    campaign = _campaign_of(mail)
    page = groups.latest(_source_page(campaign.translation_key, campaign))
    checked = checklist.of(page, campaign.cooperative)
    return {
        "title": page.title,
        "currency": campaign.currency,
        "zone": campaign.cooperative.time_zone,
        "page": page,
        "campaign_deadline": campaign.deadline,
        "launch_at": campaign.launch_at,
        "checked": checked,
        "button_url": _dossier_url(campaign.cooperative, page),
        "button_label": gettext("Read the dossier"),
    }


def _question_of(mail: OutgoingMail) -> ReviewQuestion:
    return ReviewQuestion.objects.select_related("dossier", "cooperative__site", "asked_by", "answered_by").get(
        pk=_id_in(mail.subject_key)
    )


def _about(question: ReviewQuestion) -> tuple[CampaignPage, Context]:
    key = question.dossier.translation_key
    page = _source_page(key, Campaign.objects.filter(translation_key=key).first())
    return page, {
        "title": page.draft_title,
        "question": question,
        "zone": question.cooperative.time_zone,
        "button_url": _dossier_url(question.cooperative, page) + f"#question-{question.pk}",
    }


def fill_question(mail: OutgoingMail) -> Context:
    _page, context = _about(_question_of(mail))
    return context | {"button_label": gettext("Answer")}


def fill_answer(mail: OutgoingMail) -> Context:
    question = _question_of(mail)
    _page, context = _about(question)
    still = ReviewQuestion.objects.filter(dossier=question.dossier).aggregate(
        count=Count("pk", filter=Q(settled_at=None, answered_at=None))
    )
    return context | {"still_open": still["count"], "button_label": gettext("Read and conclude")}


def fill_launch_waits(mail: OutgoingMail) -> Context:
    from campaigns import checklist  # noqa: PLC0415 (it asks what the review says, which sends mails)

    campaign = _campaign_of(mail)
    page = groups.latest(_source_page(campaign.translation_key, campaign))
    return {
        "title": page.title,
        "zone": campaign.cooperative.time_zone,
        "launch_at": datetime.fromisoformat(mail.facts["launch_at"]),
        "blocking": checklist.of(page, campaign.cooperative).blocking,
        "button_url": _dossier_url(campaign.cooperative, page),
        "button_label": gettext("Open the dossier"),
    }


# To those who asked to be told


def opening_mails(campaign: Campaign, kind: MailKind, consents: Iterable[NewsConsent]) -> Iterable[OutgoingMail]:
    """One for each consent, in the language it was given in."""
    for consent in consents:
        yield outbox.mail_for(
            kind,
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            to=consent.backer,
            facts={"topic": str(consent.topic), "consent_date": consent.granted_at.isoformat()},
            language=consent.language,
        )


def fill_opening(mail: OutgoingMail) -> Context:
    """What both mails about an opening read."""
    campaign = _campaign_of(mail)
    page = queries.page_in(campaign, mail.language)
    context: dict[str, Any] = {
        "campaign": campaign,
        "title": campaign.title,
        "tagline": page.opening.get("tagline") if page and page.opening else "",
        "zone": campaign.cooperative.time_zone,
        "currency": campaign.currency,
        "consent_date": datetime.fromisoformat(mail.facts["consent_date"]),
        "button_url": queries.url_in(campaign, mail.language),
        "button_label": gettext("View the campaign"),
    }
    return context


def _team(key: str, purpose: str, fill: Any, choice: Any = "") -> None:
    register(MailKind(key, "campaigns", Category.TEAM, purpose, fill, choice))


_team("dossier_submitted", "A campaign waits for its adviser.", fill_dossier, _("A campaign to review"))
_team("question_asked", "An adviser has a question about a campaign.", fill_question, _("A question of the adviser"))
_team("answer_given", "The team has answered the adviser's question.", fill_answer, _("An answer to my question"))
_team("launch_waits", "A launch that was asked for could not be made yet.", fill_launch_waits)
CAMPAIGN_OPENED = register(
    MailKind(
        "campaign_opened", "campaigns", Category.NEWS, "A campaign is open, to who asked to be told.", fill_opening
    )
)
