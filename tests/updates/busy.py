"""A cooperative in which everything waits for someone at once; `word` is in all that its backers gave."""

from datetime import date, timedelta

from campaigns import questions, reviewing
from campaigns.models import Campaign
from home import backing, clock
from home.models import Role
from home.tenancy import within
from pledges.enums import PaymentState, ProblemKind, RefundReason, RefundState
from pledges.models import Problem, RefundRequest
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.factories.reviews import again, make_draft, member
from tests.updates.making import make_update, notice_block
from updates import coaching
from updates.announcing import announce
from updates.enums import MailingKind, MailingState, MissingLanguage
from updates.models import CoachingDraft, DelayNotice, Mailing, ReaderQuestion


def make_busy(cooperative, word="Fuite"):
    """Its live campaign: a month that is over, one that runs, a tier nearly gone, and all that people ask for."""
    this_month = date.today().strftime("%Y-%m")
    with within(cooperative):
        make_in_review(cooperative)
        campaign = make_campaign(
            cooperative,
            tiers=[
                tier("Farine", 3000, estimated_delivery="2020-03"),
                tier("Pain", 2000, estimated_delivery=this_month),
                tier("Meule", 9000, estimated_delivery="2099-05", limit=5),
            ],
        )
        late, now, rare = campaign.rewards.order_by("position")
        said = {"backer_name": f"{word} Voisine", "email": f"{word.lower()}@voisine.example"}
        pledge = make_pledge(campaign, rewards=[(late, 1)], **said)
        make_pledge(campaign, rewards=[(now, 2)], **said)
        make_pledge(campaign, rewards=[(rare, 3)], payment_state=PaymentState.MEND, **said)
        _ask(pledge, word)
        _tell(campaign, word)
        backing.suppress(cooperative, said["email"], backing.BOUNCED)
        return campaign


def make_in_review(cooperative, title="Dossier à lire"):
    """A campaign that waits for its adviser, with a question to answer and an answer to read."""
    with within(cooperative):
        page = make_draft(cooperative, title=title)
        reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
        for number in range(2):
            asked = questions.ask(
                page,
                cooperative,
                by=member(cooperative, Role.ADVISER),
                text="Combien?",
                answer_by=date.today() + timedelta(days=number),
                passage=None,
            )
        questions.answer(asked, by=member(cooperative, Role.EDITOR), text="Onze.")
        return page


def _ask(pledge, word):
    """A refund to decide, another that waits for a second person, and a problem."""
    item = pledge.items.get()
    about = {"cooperative": pledge.cooperative, "item": item}
    RefundRequest.objects.create(
        **about,
        amount=3000,
        currency="CAD",
        message=f"{word} : rendez-moi mon argent.",
        asked_at=clock.now(),
        answer_by=date.today() + timedelta(days=3),
    )
    make_refund(payment_of(pledge), amount=100, state=RefundState.TO_APPROVE, reason=RefundReason.AGREED)
    Problem.objects.create(**about, kind=ProblemKind.DAMAGED, text=f"{word} : sac percé.", reported_at=clock.now())


def _tell(campaign, word):
    """News that were promised and did not come, a reader's question, a draft, and a mailing on hold."""
    common = {"cooperative": campaign.cooperative}
    last = campaign.rewards.order_by("position").last()
    update = make_update(campaign, notice_block([last], month="2100-01"), title="Un retard")
    announce(update, by=None, missing_language=MissingLanguage.NONE)
    DelayNotice.objects.update(next_news_on=date.today() - timedelta(days=2))
    ReaderQuestion.objects.create(
        **common,
        update=update,
        backer=campaign.pledges.first().backer,
        language="fr",
        text=f"{word} : quand?",
        asked_at=clock.now(),
    )
    Mailing.objects.create(
        **common,
        update=update,
        kind=MailingKind.NEWS,
        state=MailingState.PAUSED,
        paused_at=clock.now(),
        created_at=clock.now(),
    )
    coaching.prepare(Campaign.objects.select_related("cooperative").get(pk=campaign.pk))
    if not CoachingDraft.objects.filter(campaign=campaign).exists():
        raise ValueError("no draft was due")
