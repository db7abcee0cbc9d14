"""The page on which a browser proves some work before a payment page is opened, and what waits otherwise."""

from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from pledges import guarding, proofs, suspecting
from pledges.models import Pledge
from pledges.views.visiting import Visit

#: What the page says anew, or that leads elsewhere.
OWN_FIELDS = ("csrfmiddlewaretoken", "change", "link", "go", "proof")


class Proof:
    """What was posted with a form to prove work for it, and for nothing else: `form` names it."""

    def __init__(self, request: Visit, form: str) -> None:
        self.form, self._posted = form, request.POST.get("proof", "")

    @cached_property
    def _name(self) -> str:
        return proofs.solved(self.form, self._posted)

    @property
    def is_solved(self) -> bool:
        return bool(self._name)

    def spend(self, on: str) -> bool:
        """Use it up for one thing; False if there is none, or it was used for another."""
        return self.is_solved and proofs.spend(self._name, on)


def proof_page(
    request: Visit, proof: Proof, effort: int, shared: dict[str, Any], *, action: str, minutes: int = 0
) -> HttpResponse:
    """Holds the form as it was posted, to be posted again with the proof.

    Who has no JavaScript asks for a link by mail, or, where there is none to be had, comes again in `minutes`.
    """
    context = shared | {
        "action": action,
        "kept": [(name, value) for name, value in request.POST.items() if name not in OWN_FIELDS],
        "challenge": proofs.challenge(proof.form, effort),
        "most": proofs.most_tries(effort),
        "minutes": minutes,
    }
    return render(request, "pledges/proof.html", context)


def asked_of_own_page(request: Visit, pledge: Pledge, what: str) -> HttpResponse | None:
    """The page that asks for a proof before `what` is opened from a contribution's own page; None where it may be."""
    verdict = guarding.of_own_page(request, pledge.campaign_id, pledge.pk)
    proof = Proof(request, f"{what}:{pledge.pk}")
    if verdict.asks_proof and not proof.spend(uuid4().hex):
        minutes = suspecting.OWN_LASTS // timedelta(minutes=1)
        shared = {"campaign": pledge.campaign}
        return proof_page(request, proof, verdict.effort, shared, action=request.path, minutes=minutes)
    suspecting.opens_own(pledge.pk)
    return None


def sent_page(request: Visit, shared: dict[str, Any]) -> HttpResponse:
    """After a link by mail was asked for: the same whoever asks."""
    context = {
        "heading": gettext("A link is on its way"),
        "lead": gettext(
            "A link to continue has just been sent to you by email. Your answers are kept for one day; "
            "rewards are not held meanwhile. Nothing was charged."
        ),
    }
    return render(request, "pledges/noted.html", shared | context)
