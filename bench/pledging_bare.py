"""The limit of a pledge: one view without middleware that writes the rows of ours through the ORM, and checks nothing.

The same models and tables under the same server and database; a POST gives the pledge with its items, consent and
hosted page, and takes the stock of a limited tier. `paid/` writes what follows once it is paid: payment, ledger, mail.
Served as `bench.pledging_bare:application`, with the environment of production.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

application = get_wsgi_application()
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = __name__
application.load_middleware()

from campaigns.models import Campaign, Reward, RewardStock  # noqa: E402
from home import clock  # noqa: E402
from home.models import Backer, OutgoingMail  # noqa: E402
from home.tenancy import across_cooperatives  # noqa: E402
from pledges.enums import CheckoutPurpose, CheckoutState, LedgerAccount, LedgerKind, PaymentState  # noqa: E402
from pledges.models import (  # noqa: E402
    Checkout,
    LedgerEntry,
    LedgerGroup,
    Payment,
    Pledge,
    PledgeConsent,
    PledgeItem,
)


def pledge(request: HttpRequest, campaign_id: int, reward_id: int) -> HttpResponse:
    now = clock.now()
    with across_cooperatives(), transaction.atomic():
        campaign = Campaign.objects.get(pk=campaign_id)
        reward = Reward.objects.get(pk=reward_id)
        backer, _ = Backer.objects.get_or_create(
            cooperative_id=campaign.cooperative_id,
            email_key=request.POST["email"],
            defaults={
                "email": request.POST["email"],
                "name": request.POST["name"],
                "stripe_customer": f"cus_{uuid.uuid4().hex}",
                "created_at": now,
            },
        )
        made = Pledge.objects.create(
            cooperative_id=campaign.cooperative_id,
            campaign=campaign,
            backer=backer,
            currency=campaign.currency,
            amount=reward.amount,
            language="fr",
            created_at=now,
        )
        PledgeItem.objects.create(
            cooperative_id=campaign.cooperative_id,
            pledge=made,
            reward=reward,
            quantity=1,
            unit_amount=reward.amount,
            title_fr=reward.title_fr,
            title_en=reward.title_en,
            first_month=reward.estimated_delivery,
            handover=reward.handover,
        )
        PledgeConsent.objects.create(
            pledge=made,
            text="J’autorise La Meule commune à débiter ma carte." * 6,
            text_version="2026-11",
            language="fr",
            max_amount=reward.amount,
            currency=campaign.currency,
            given_at=now,
        )
        page = Checkout.objects.create(
            cooperative_id=campaign.cooperative_id,
            pledge=made,
            purpose=CheckoutPurpose.PAY,
            state=CheckoutState.OPEN,
            stripe_session=f"cs_{uuid.uuid4().hex}",
            url=f"https://checkout.example/{uuid.uuid4().hex}",
            created_at=now,
            expires_at=now + timedelta(minutes=35),
        )
        if reward.limit is not None:
            free = RewardStock.objects.filter(pk=reward.pk, limit__gte=F("held") + F("promised") + 1)
            if not free.update(held=F("held") + 1):
                transaction.set_rollback(True)
                return HttpResponse(status=409)
    return HttpResponse(status=303, headers={"Location": f"/paid/{page.key}/"})


def paid(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    now = clock.now()
    with across_cooperatives(), transaction.atomic():
        page = Checkout.objects.select_related("pledge__backer").get(key=key)
        made, mine = page.pledge, {"cooperative_id": page.cooperative_id}
        Checkout.objects.filter(pk=page.pk, state=CheckoutState.OPEN).update(state=CheckoutState.COMPLETE, ended_at=now)
        Pledge.objects.filter(pk=made.pk).update(state="confirmed", confirmed_at=now)
        payment = Payment.objects.create(
            **mine,
            pledge=made,
            state=PaymentState.PAID,
            currency=made.currency,
            amount=made.amount,
            commission=150,
            stripe_intent=f"pi_{uuid.uuid4().hex}",
            created_at=now,
            paid_at=now,
        )
        group = LedgerGroup.objects.create(
            **mine,
            campaign_id=made.campaign_id,
            kind=LedgerKind.PAYMENT,
            subject_key=f"payment:{payment.pk}",
            happened_at=now,
            recorded_at=now,
        )
        lines = {
            LedgerAccount.BALANCE: made.amount - 150,
            LedgerAccount.COMMISSION: 150,
            LedgerAccount.CONTRIBUTIONS: -made.amount,
        }
        for account, cents in lines.items():
            LedgerEntry.objects.create(**mine, group=group, account=account, amount=cents, currency=made.currency)
        OutgoingMail.objects.create(
            **mine,
            kind="contribution_receipt",
            subject_key=made.key,
            reader_key=f"backer:{made.backer_id}",
            backer=made.backer,
            address=made.backer.email,
            language="fr",
            created_at=now,
        )
    return HttpResponse(b"x" * 12_000)


urlpatterns: list[URLPattern] = [
    path("healthz", lambda _request: HttpResponse("ok")),
    path("pledge/<int:campaign_id>/<int:reward_id>/", pledge),
    path("paid/<uuid:key>/", paid),
]
