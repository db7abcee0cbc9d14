"""Where the demo can be looked at, and with which log-ins, as JSON for the table of `make run`."""

import json
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Count
from django.urls import reverse
from django.utils import translation

from campaigns import lifecycle, queries
from campaigns.models import Campaign
from home import clock
from home.languages import FRENCH, LANGUAGES
from home.models import Cooperative, Membership, Role
from home.tenancy import within
from pledges import late_pledges
from pledges.enums import PaymentState, PledgeState
from pledges.links import contribution_url
from pledges.models import Pledge
from sandbox.demo.content import COOPERATIVES
from sandbox.demo.founding import OPERATOR, PASSWORD, address_of

Row = dict[str, str]
DESKS = (
    ("Mes dossiers, toutes coopératives", "updates_portfolio", Role.ADVISER),
    ("Envois, brouillons, nouvelles promises", "updates_mailings", Role.EDITOR),
    ("Questions reçues", "updates_questions", Role.EDITOR),
    ("Remise des contreparties", "pledges_fulfilment", Role.EDITOR),
    ("Jour de remise, au téléphone", "pledges_pick_up_day", Role.EDITOR),
    ("Questionnaires", "pledges_surveys", Role.EDITOR),
    ("Problèmes signalés", "pledges_problems", Role.EDITOR),
    ("Adresses à corriger", "pledges_unreachable", Role.EDITOR),
    ("Chèques, virements, comptant", "pledges_offline", Role.EDITOR),
    ("Listes à télécharger", "pledges_lists", Role.EDITOR),
    ("Argent, règlement des campagnes", "pledges_money", Role.TREASURER),
    ("Remboursements à décider", "pledges_refund_requests", Role.TREASURER),
    ("Remboursements et contestations", "pledges_refunds", Role.TREASURER),
    ("Livres, taxes, contreparties dues", "pledges_books", Role.TREASURER),
    ("Virements à la coopérative", "pledges_payouts", Role.TREASURER),
)
ROLES = {"editor": "Rédaction", "adviser": "Accompagnement", "treasurer": "Trésorerie", "owner": "Direction"}


class Command(BaseCommand):
    help = "Print the addresses and log-ins of the demo as a JSON list."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(list(rows()), ensure_ascii=False))


def rows() -> Iterator[Row]:
    port = int(os.environ.get("PORT", "8000"))
    for language in LANGUAGES:
        yield _row(f"Discovery · {language}", f"http://{settings.PLATFORM_HOST}:{port}/{language}/")
    cooperatives = list(Cooperative.objects.select_related("site").filter(slug__in=COOPERATIVES).order_by("pk"))
    for cooperative in cooperatives:
        with within(cooperative):
            yield from _public(cooperative)
    for cooperative in cooperatives:
        yield from _team(cooperative)
    for cooperative in cooperatives[:1]:
        yield from _desks(cooperative)
    if cooperatives:
        yield _row("Platform · operator", f"{cooperatives[0].root_url}/admin/", OPERATOR)
    yield _row("Mail inbox", f"http://localhost:{port + 2}/")
    yield _row("Stripe double · state", f"http://localhost:{port + 1}/_sandbox/state")


def _row(what: str, address: str, login: str = "") -> Row:
    return {"what": what, "address": address, "login": login, "password": PASSWORD if login else ""}


def _public(cooperative: Cooperative) -> Iterator[Row]:
    for language in LANGUAGES:
        yield _row(f"{cooperative.name} · {language}", f"{cooperative.root_url}/{language}/")
    for campaign in queries.campaigns_of(cooperative).order_by("-deadline"):
        yield _row(f"Campaign · {campaign.title_fr}", queries.url_in(campaign, "fr"))
        yield from _form(campaign)
        yield from _contribution(campaign)


def _form(campaign: Campaign) -> Iterator[Row]:
    """Where something can be chosen now: while it is live, and after its end where a reward is still offered."""
    with translation.override(FRENCH):
        address = campaign.cooperative.root_url + reverse("contribute", args=[campaign.pk])
    if late_pledges.are_offered(campaign):
        yield _row("Contribuer après la fin", address)
    elif lifecycle.takes_pledges(campaign, clock.now()):
        yield _row("Contribuer", address)


def _contribution(campaign: Campaign) -> Iterator[Row]:
    """One backer's page, and where there is one that of a payment to mend, of a date that moved, of a company."""
    confirmed = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED).order_by("pk")
    confirmed = confirmed.select_related("cooperative__site", "backer").annotate(moves=Count("items__promises"))
    if first := confirmed.exclude(payments__state=PaymentState.MEND).first():
        yield _row(f"Ma contribution · {first.backer.name}", contribution_url(first))
    if to_mend := confirmed.filter(payments__state=PaymentState.MEND).first():
        yield _row(f"Ma contribution, à régler · {to_mend.backer.name}", contribution_url(to_mend))
    if moved := confirmed.filter(items__promises__isnull=False).order_by("-moves", "pk").first():
        yield _row(f"Ma contribution, date déplacée · {moved.backer.name}", contribution_url(moved))
    if company := confirmed.exclude(company_name="").first():
        yield _row(f"Ma contribution, entreprise · {company.company_name}", contribution_url(company))


def _desks(cooperative: Cooperative) -> Iterator[Row]:
    """Where the team looks after money, for those who may."""
    for what, name, role in DESKS:
        yield _row(f"{what}", f"{cooperative.root_url}{reverse(name)}", address_of(role, cooperative.slug))


def _team(cooperative: Cooperative) -> Iterator[Row]:
    members = Membership.objects.filter(cooperative=cooperative, role__in=ROLES).select_related("user").order_by("pk")
    for member in members:
        yield _row(f"{cooperative.name} · {ROLES[member.role]}", f"{cooperative.root_url}/admin/", member.user.email)
