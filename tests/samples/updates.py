"""Mails about updates: thanks and answers to their readers; mailings, promises, days and weeks to the team."""

from datetime import date, timedelta

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock
from home.models import MailState, OutgoingMail
from tests.samples import reader_of, sample
from tests.samples.money import end, pledge_of
from tests.updates.making import make_update, notice_block, tell, thanks_block
from updates import questions
from updates.announcing import announce
from updates.enums import MissingLanguage, PauseReason
from updates.models import DelayNotice
from updates.sending import send_news


@sample("thanks")
def of_thanks(kind, campaign, language, member):
    backer = pledge_of(campaign, language).backer
    tell(backer, campaign)
    end(campaign, CampaignState.FUNDED)
    send_news(make_update(campaign, thanks_block()), by=None, missing_language=MissingLanguage.NONE)
    return backer.mails.get(kind=kind)


@sample("question_answered")
def of_an_answer(kind, campaign, language, member):
    backer = reader_of(campaign, language)
    asked = questions.ask(make_update(campaign), backer=backer, text="Et le four,\nalors?", language=language)
    assert questions.answer(asked, by=member, text="Onésime Ouellet, pour 12 500 $.", shown=False)
    return backer.mails.get(kind=kind)


@sample("mailing_finished", "mailing_paused")
def of_a_mailing(kind, campaign, language, member):
    backer = pledge_of(campaign, language).backer
    tell(backer, campaign)
    mailing = send_news(make_update(campaign), by=None, missing_language=MissingLanguage.NONE)
    OutgoingMail.objects.filter(batch=mailing.key).update(state=MailState.SENT, sent_at=clock.now())
    if kind == "mailing_finished":
        return {"subject_key": mailing.key}
    counted = {"tried": 1200, "bounced": 36, "complained": 0, "total": 3400}
    return {"subject_key": mailing.key, "facts": counted | {"reason": PauseReason.BOUNCES}}


@sample("promise_in_one_month", "promise_week_late")
def of_a_promise(kind, campaign, language, member):
    item = pledge_of(campaign, language).items.get()
    facts = {"month": item.first_month.isoformat(), "n": 2, "ready": 0, "missing": 1}
    return {"subject_key": f"reward:{item.reward_id}", "occasion": item.first_month.isoformat(), "facts": facts}


@sample("next_news_missed")
def of_news_that_did_not_come(kind, campaign, language, member):
    pledge_of(campaign, language)
    update = make_update(campaign, notice_block(list(campaign.rewards.all())))
    announce(update, by=None, missing_language=MissingLanguage.NONE)
    return {"subject_key": f"notice:{DelayNotice.objects.get(update=update).pk}", "facts": {"n": 1}}


@sample("editor_digest")
def of_a_day(kind, campaign, language, member):
    pledge_of(campaign, language)
    day = dict.fromkeys(("asked", "reported", "reviewed", "prepared"), 2) | {"new": 3, "cancelled": 1}
    todo = {"drafts": 1, "problems": 2, "review": 3, "news": 1, "late": 4}
    few = [campaign.rewards.order_by("position").last().pk]
    facts = day | {"amounts": {"CAD": 120_050}, "questions": 5, "few": few, "todo": todo}
    return {"subject_key": f"cooperative:{campaign.cooperative_id}", "occasion": language, "facts": facts}


@sample("adviser_weekly")
def of_a_week(kind, campaign, language, member):
    """One campaign ends within it, and what was promised for a month that is over is waited for."""
    pledge_of(campaign, language).items.update(first_month=date(2026, 1, 1))
    Campaign.objects.filter(pk=campaign.pk).update(deadline=clock.now() + timedelta(days=3))
    facts = {"today": clock.now().date().isoformat()}
    return {"subject_key": f"cooperative:{campaign.cooperative_id}", "occasion": language, "facts": facts}
