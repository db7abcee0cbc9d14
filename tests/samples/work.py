"""Mails of the review of a campaign, of the sending address, of updates and delays."""

from datetime import timedelta

from campaigns import questions
from campaigns.models import ReviewQuestion
from home import clock
from home.mail import sender_verifying
from home.models import OutgoingMail, Role
from home.people import inviting
from tests.factories.pledges import make_backer
from tests.samples import in_language, reader_of, sample
from tests.samples.money import pledge_of
from tests.updates.making import make_update, notice_block, tell, text_block
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.sending import send_news


@sample("dossier_submitted", "launch_waits")
def of_a_dossier(kind, campaign, language, member):
    facts = {"launch_at": (clock.now() + timedelta(days=2)).isoformat()} if kind == "launch_waits" else {}
    return {"subject_key": f"campaign:{campaign.pk}", "facts": facts}


@sample("question_asked", "answer_given")
def of_a_question(kind, campaign, language, member):
    now = clock.now()
    question = ReviewQuestion.objects.create(
        cooperative=campaign.cooperative,
        dossier=questions.dossier_of(campaign.cooperative, campaign.translation_key),
        block_label="Budget",
        text="Qui taille la pierre, et pour combien?",
        answer_by=(now + timedelta(days=5)).date(),
        asked_at=now,
        asked_by=member,
        answer="Onésime Ouellet, pour 12 500 $.",
        answered_at=now,
        answered_by=member,
    )
    return {"subject_key": f"question:{question.pk}"}


@sample("log_in_changed")
def of_a_log_in(kind, campaign, language, member):
    facts = {"act": "second_factor_added", "at": clock.now().isoformat()}
    return {"subject_key": f"user:{member.pk}", "occasion": language, "facts": facts}


@sample("sender_check")
def of_the_sending_address(kind, campaign, language, member):
    sender_verifying.ask(campaign.cooperative, by=member)
    return in_language(OutgoingMail.objects.filter(kind=kind).latest("pk"), language)


@sample("unsubscribe_link")
def of_the_end_of_news(kind, campaign, language, member):
    backer = make_backer(campaign.cooperative, language=language)
    return {"subject_key": f"topic:{campaign.translation_key}", "occasion": "2026-11-28:1", "to": backer} | {
        "facts": {"topic": str(campaign.translation_key)}
    }


@sample("invitation")
def of_an_invitation(kind, campaign, language, member):
    inviting.invite(campaign.cooperative, "nouvelle@exemple.example", Role.EDITOR, member, language=language)
    return OutgoingMail.objects.filter(kind=kind).latest("pk")


@sample("password_reset")
def of_a_password(kind, campaign, language, member):
    return {"subject_key": f"user:{member.pk}", "occasion": language}


@sample("update_published")
def of_news(kind, campaign, language, member):
    backer = reader_of(campaign, language)
    pledge_of(campaign, language).__class__.objects.filter(campaign=campaign).update(backer=backer)
    tell(backer, campaign)
    words = '<p>La pierre est arrivée. <a href="/fr/">La voir</a>.</p><ul><li>900 kg</li><li>12 500 $</li></ul>'
    send_news(make_update(campaign, text_block(words)), by=None, missing_language=MissingLanguage.NONE)
    return backer.mails.get(kind=kind)


@sample("delay_announced")
def of_a_delay(kind, campaign, language, member):
    backer = pledge_of(campaign, language).backer
    rewards = list(campaign.rewards.all())
    announce(make_update(campaign, notice_block(rewards)), by=None, missing_language=MissingLanguage.NONE)
    return backer.mails.get(kind=kind)
