"""Mails about contributions, payments, refunds and rewards."""

from datetime import timedelta

from campaigns import end_dates
from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock
from pledges import email_changes, extending
from pledges.change_plans import snapshot
from pledges.enums import PaymentState, PledgeState
from pledges.models import DataRequest, Dispute, FraudWarning, PledgeChange, Refund, Settlement
from tests.factories.books import make_offline, make_payout
from tests.factories.campaigns import end_now
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.samples import reader_of, sample
from tests.updates.making import tell

#: What the pledge is.
PLEDGES = {
    "pledge_confirmed": {"paid": False},
    "contribution_receipt": {},
    "pledge_cancelled": {"state": PledgeState.CANCELLED},
    "link_renewed": {},
    "card_expiring": {"paid": False},
    "charge_upcoming": {"paid": False},
    "data_erased": {},
    "offline_recorded": {"paid": False},
}

#: What the pledge is, and how its campaign ended.
ENDED = {
    "goal_met_charged": ({}, CampaignState.FUNDED),
    "payment_to_mend": ({"payment_state": PaymentState.MEND}, CampaignState.FUNDED),
    "pledge_dropped": ({"state": PledgeState.DROPPED}, CampaignState.FUNDED),
    "goal_missed": ({"state": PledgeState.GOAL_MISSED}, CampaignState.MISSED),
}

AFTERMATH = {
    "refund_to_approve": ("refund", ""),
    "refund_bounced": ("refund", "refused"),
    "dispute_opened": ("dispute", "open"),
    "dispute_closed": ("dispute", "won"),
    "fraud_warning": ("warning", ""),
}


def pledge_of(campaign, language, **fields):
    chosen = [(campaign.rewards.order_by("position").last(), 2)]
    return make_pledge(
        campaign, rewards=chosen, extra=550, language=language, backer=reader_of(campaign, language), **fields
    )


def about(pledge, **said):
    return {"to": pledge.backer, "subject_key": pledge.key} | said


def end(campaign, state):
    end_now(campaign)
    figures = {"pledged_at_deadline": 120_050, "backers_at_deadline": 14}
    Campaign.objects.filter(pk=campaign.pk).update(state=state, outcome=state, **figures)
    campaign.refresh_from_db()
    now = clock.now()
    Settlement.objects.create(
        cooperative=campaign.cooperative, campaign=campaign, started_at=now, grace_ends_at=now + timedelta(days=7)
    )


@sample(*PLEDGES)
def of_a_pledge(kind, campaign, language, member):
    said = {"link_renewed": {"occasion": "link:1"}, "data_erased": {"facts": {"year": 2032}}}
    return about(pledge_of(campaign, language, **PLEDGES[kind]), **said.get(kind, {}))


@sample(*ENDED)
def of_an_ended_campaign(kind, campaign, language, member):
    fields, state = ENDED[kind]
    pledge = pledge_of(campaign, language, **fields)
    end(campaign, state)
    return about(pledge, occasion="0" if kind == "payment_to_mend" else "")


@sample("deadline_extended")
def of_a_moved_deadline(kind, campaign, language, member):
    pledge = pledge_of(campaign, language, paid=False)
    last_day = end_dates.day_of(campaign.deadline, campaign) + timedelta(days=9)
    reasons = {"reason_fr": "La pierre arrive en retard.", "reason_en": "The stone comes late."}
    if campaign.extended_at is None:
        assert extending.extend(campaign, last_day, by=None, **reasons)
        campaign.refresh_from_db()
    return pledge.backer.mails.filter(kind=kind).first() or about(pledge)


@sample("refund_made")
def of_a_refund(kind, campaign, language, member):
    pledge = pledge_of(campaign, language)
    refund = make_refund(payment_of(pledge), amount=3000, commission=0)
    return about(pledge, occasion=f"refund:{refund.pk}")


@sample("cheque_bounced")
def of_a_cheque(kind, campaign, language, member):
    pledge = pledge_of(campaign, language, paid=False)
    end(campaign, CampaignState.FUNDED)
    return about(pledge, occasion=f"payment:{make_offline(pledge, bounced=True).pk}")


@sample("pledge_changed")
def of_a_change(kind, campaign, language, member):
    pledge = pledge_of(campaign, language)
    change = PledgeChange.objects.create(
        cooperative=campaign.cooperative,
        pledge=pledge,
        old_amount=13550,
        old_items=snapshot(pledge),
        amount=15000,
        extra=15000,
        asked_at=clock.now(),
    )
    return about(pledge, occasion=f"change:{change.pk}")


@sample("data_exported", "data_to_erase")
def of_data(kind, campaign, language, member):
    pledge, now = pledge_of(campaign, language), clock.now()
    request = DataRequest.objects.create(
        cooperative=campaign.cooperative, backer=pledge.backer, asked_at=now, expires_at=now + timedelta(days=7)
    )
    return about(pledge, occasion=f"{'erase' if kind == 'data_to_erase' else 'data'}:{request.pk}")


@sample("reward_sent", "reward_ready")
def of_a_reward(kind, campaign, language, member):
    pledge = pledge_of(campaign, language)
    facts = {"state": "sent", "carrier": "Postes Canada", "tracking_url": "", "note": "Un peu de son sur la boîte."}
    return {"to": pledge.backer, "subject_key": f"item:{pledge.items.get().pk}", "facts": facts}


@sample(*AFTERMATH)
def of_what_follows_a_payment(kind, campaign, language, member):
    payment, now = payment_of(pledge_of(campaign, language)), clock.now()
    of_payment = {"cooperative": campaign.cooperative, "payment": payment}
    subject, occasion = AFTERMATH[kind]
    if subject == "refund":
        row = make_refund(payment, amount=1250, state="failed")
        Refund.objects.filter(pk=row.pk).update(asked_by=member, note="Le texte, en entier.")
    elif subject == "dispute":
        row = Dispute.objects.create(
            **of_payment,
            stripe_dispute=f"dp_{payment.pk}",
            state=occasion,
            amount=3050,
            currency="CAD",
            reason="fraudulent",
            opened_at=now,
            answer_by=now + timedelta(days=9),
        )
    else:
        row = FraudWarning.objects.create(**of_payment, stripe_warning=f"iss_{payment.pk}", warned_at=now)
    return {"subject_key": f"{subject}:{row.pk}", "occasion": occasion}


@sample("grace_ended", "settlement_report", "campaign_outcome")
def of_the_outcome(kind, campaign, language, member):
    pledge_of(campaign, language, fee=117)
    pledge_of(campaign, language, state=PledgeState.DROPPED)
    if not Settlement.objects.filter(campaign=campaign).exists():
        end(campaign, CampaignState.FUNDED)
    return {"subject_key": f"campaign:{campaign.pk}"}


@sample("payments_trouble")
def of_trouble(kind, campaign, language, member):
    facts = {"what": "paused", "lost_at": "2026-11-01T12:00:00+00:00", "reason": "under_review", "asked": 2}
    return {"subject_key": f"cooperative:{campaign.cooperative_id}", "occasion": language, "facts": facts}


@sample("payout_arrived")
def of_a_payout(kind, campaign, language, member):
    payout = make_payout(campaign.cooperative, [payment_of(pledge_of(campaign, language, fee=117))])
    return {"subject_key": f"payout:{payout.pk}"}


@sample("email_changed_new", "email_changed_old")
def of_a_new_address(kind, campaign, language, member):
    pledge = pledge_of(campaign, language, paid=False)
    change = email_changes.ask(pledge, f"rosalie-{pledge.pk}@nouveau.example")
    if kind == email_changes.TO_OLD:
        email_changes.confirm(change)
    return change.backer.mails.get(kind=kind)


@sample("campaign_last_hours", "campaign_opened")
def of_an_opening(kind, campaign, language, member):
    backer = reader_of(campaign, language)
    tell(backer, campaign)
    facts = {"topic": str(campaign.translation_key), "consent_date": clock.now().isoformat()}
    return {"to": backer, "subject_key": f"campaign:{campaign.pk}", "facts": facts}
