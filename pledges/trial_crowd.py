"""Made-up contributions to a campaign that is being tried: the real way of a contribution, with Stripe's test cards."""

import uuid
from collections.abc import Sequence

from django.utils import translation
from django.utils.text import slugify

from campaigns import queries
from campaigns.models import Campaign, Reward
from home import clock
from home.languages import LANGUAGES
from home.tenancy import within
from pledges import checkout, gateway, pledging, postage
from pledges.choosing import ChosenReward, PledgeRefused, PledgeRequest
from pledges.consent_texts import NEWS, VERSION, consent_text
from pledges.enums import CheckoutPurpose, CheckoutState, PledgeState, Wall
from pledges.models import Checkout, Pledge, Trial

#: How many are added at once.
SOME = 10

#: Of so many, the last has a card that can be kept and not be charged.
ONE_IN = 5

PEOPLE = (
    *("Agathe Exemple", "Bruno Sample", "Clémence Exemple", "Dylan Sample", "Estelle Exemple"),
    *("Fiona Sample", "Gaspard Exemple", "Hannah Sample", "Irénée Exemple", "Jamie Sample"),
)
#: No mailbox is there, and none is asked: mails of a trial go to the person who rehearses.
DOMAIN = "essai.invalid"

EXTRAS = (1000, 2500, 5000)


def number_of(trial: Trial) -> int:
    """How many sample contributions there are: where the next ones begin."""
    with within(trial.cooperative):
        return Pledge.objects.filter(campaign=trial.campaign, backer__email__endswith=f"@{DOMAIN}").count()


def add(trial: Trial, *, beginning: int) -> int:
    """Some contributions more, each known by its number: asked for again, each is made once. Returns how many stand.

    Raises Refused or Unavailable: those that were made stand.
    """
    with within(trial.cooperative):
        campaign = Campaign.objects.select_related("cooperative__site").get(pk=trial.campaign_id)
        return sum(_contribute(trial, campaign, number) for number in range(beginning, beginning + SOME))


def _contribute(trial: Trial, campaign: Campaign, number: int) -> bool:
    attempt = uuid.uuid5(campaign.translation_key, f"sample/{number}")
    row = _begun(campaign, attempt, number)
    if row is None or row.state not in (CheckoutState.OPENING, CheckoutState.OPEN):
        return row is not None
    pledge = Pledge.objects.select_related("backer", "campaign", "cooperative__site").get(pk=row.pledge_id)
    account, key = pledge.cooperative.stripe_account, str(row.key)
    customer = checkout.customer_of(pledge.backer, pledge, key)
    keeps_card = row.purpose == CheckoutPurpose.SAVE_CARD
    is_bad = keeps_card and number % ONE_IN == ONE_IN - 1
    card = gateway.save_test_card(account, f"{key}-card", customer, gateway.BAD if is_bad else gateway.GOOD)
    if keeps_card:
        pledging.confirm_promise(row, card)
    else:
        intent = gateway.charge(
            account,
            key,
            amount=pledge.amount,
            currency=pledge.currency,
            commission=pledging.commission_for(pledge),
            customer=customer,
            payment_method=card.payment_method,
            metadata={"tremplin_pledge": str(pledge.pk)},
        )
        pledging.confirm_payment(row, intent)
    return Pledge.objects.filter(pk=pledge.pk, state=PledgeState.CONFIRMED).exists()


def _begun(campaign: Campaign, attempt: uuid.UUID, number: int) -> Checkout | None:
    """With a reward, each in its turn; without one where it cannot be chosen."""
    rewards = list(_on_sale(campaign))
    for chosen in ([rewards[number % len(rewards)]] if rewards else [], []):
        try:
            return pledging.begin(campaign.cooperative, _request(campaign, attempt, number, chosen))
        except PledgeRefused as refused:
            if refused.reward is None:
                return None
    return None


def _on_sale(campaign: Campaign) -> Sequence[Reward]:
    rewards = queries.rewards_on_sale(campaign, clock.now()).prefetch_related("variants", "postage")
    return [reward for reward in rewards if not reward.is_add_on]


def _request(campaign: Campaign, attempt: uuid.UUID, number: int, rewards: list[Reward]) -> PledgeRequest:
    language = LANGUAGES[number % len(LANGUAGES)]
    name = PEOPLE[number % len(PEOPLE)]
    zone = _zone_for(rewards)
    chosen = [_choice(reward, zone, number) for reward in rewards]
    extra = 0 if chosen else EXTRAS[number % len(EXTRAS)]
    total = extra + sum(choice.total for choice in chosen)
    with translation.override(language):
        news = str(NEWS)
    return PledgeRequest(
        campaign_id=campaign.pk,
        attempt=attempt,
        email=f"{slugify(name.split()[0])}.{number + 1}@{DOMAIN}",
        name=name,
        language=language,
        consent_text=consent_text(campaign, total, language),
        consent_version=VERSION,
        chosen=chosen,
        extra=extra,
        news_text=news,
        wall=Wall.NAME,
        zone=zone,
    )


def _zone_for(rewards: list[Reward]) -> str:
    zones = postage.zones_for(rewards)
    return zones[0] if zones else ""


def _choice(reward: Reward, zone: str, number: int) -> ChosenReward:
    variants = [one for one in reward.variants.all() if one.retired_at is None]
    variant = variants[number % len(variants)].pk if variants else None
    return ChosenReward(reward.pk, 1, reward.amount, postage.price_to(reward, zone) or 0, variant)
