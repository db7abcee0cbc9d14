"""Every mail that the product owes its readers has its kind, of the right class: news by consent, service always."""

import pytest

from home.mail.registry import Category, all_kinds, kind_of

SERVICE = {
    "pledge confirmed": "pledge_confirmed",
    "receipt": "contribution_receipt",
    "changed": "pledge_changed",
    "cancelled": "pledge_cancelled",
    "new link": "link_renewed",
    "address changed, to the new one": "email_changed_new",
    "address changed, to the old one": "email_changed_old",
    "card expires": "card_expiring",
    "debit coming": "charge_upcoming",
    "goal met and debited": "goal_met_charged",
    "payment to mend": "payment_to_mend",
    "dropped": "pledge_dropped",
    "goal missed, nothing debited": "goal_missed",
    "deadline extended": "deadline_extended",
    "refund asked": "refund_requested",
    "refund answered": "refund_answered",
    "refund made": "refund_made",
    "delay announced": "delay_announced",
    "survey": "survey_opened",
    "its first reminder": "survey_reminder_1",
    "its second reminder": "survey_reminder_2",
    "confirm your address": "address_check",
    "sent": "reward_sent",
    "ready for pick-up": "reward_ready",
    "did it arrive": "delivery_check",
    "problem answered": "problem_answered",
    "data exported": "data_exported",
    "data erased": "data_erased",
    # and, beyond that list, what someone asked for or is owed:
    "a link to go on": "contribution_link",
    "a contribution by other means": "offline_recorded",
    "a cheque not honoured": "cheque_bounced",
    "is news wanted, asked of the address": "news_to_confirm",
    "a question answered": "question_answered",
    "a link to erase one's data": "data_to_erase",
    "a link to unsubscribe, after an old one": "unsubscribe_link",
}
NEWS = {
    "update": "update_published",
    "thanks": "thanks",
    "a campaign opens": "campaign_opened",
    "its last hours": "campaign_last_hours",
    "payments resumed": "payments_resumed",
}
TEAM = {
    "daily digest": "editor_digest",
    "outcome": "campaign_outcome",
    "promise in one month": "promise_in_one_month",
    "one week late": "promise_week_late",
    "next news missed": "next_news_missed",
    "problem reported": "problem_reported",
    "mailing finished": "mailing_finished",
    "mailing paused": "mailing_paused",
    "settlement report": "settlement_report",
    "end of grace": "grace_ended",
    "refund to decide": "refund_to_decide",
    "refund for a second person": "refund_to_approve",
    "refund that failed": "refund_bounced",
    "dispute": "dispute_opened",
    "dispute decided": "dispute_closed",
    "fraud warning": "fraud_warning",
    "Stripe trouble": "payments_trouble",
    "payout arrived": "payout_arrived",
    "dossier submitted": "dossier_submitted",
    "answer given": "answer_given",
    "question asked by an adviser": "question_asked",
    "a launch that waits": "launch_waits",
    "weekly portfolio": "adviser_weekly",
    "does the sender's address take mail": "sender_check",
    "password or second factor changed": "log_in_changed",
    "someone is invited to the team": "invitation",
    "a password was forgotten": "password_reset",
}
CLASSES = {Category.SERVICE: SERVICE, Category.NEWS: NEWS, Category.TEAM: TEAM}


@pytest.mark.parametrize("category", Category)
def test_each_named_mail_is_of_its_class_and_there_is_no_other(category):
    of_it = sorted(kind.key for kind in all_kinds() if kind.category == category)
    assert of_it == sorted(CLASSES[category].values())


def test_money_and_rewards_cannot_be_switched_off():
    kept = ("refund_to_decide", "refund_to_approve", "refund_bounced", "dispute_opened", "payments_trouble")
    assert [kind_of(key).choice for key in kept] == [""] * len(kept)
