"""The lists that a team works with: backers by tier, labels of the parcels to mail, what is to be picked up.

Each is narrowed to a cooperative, and to a campaign or a tier, and read some rows at a time: memory does not grow.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from campaigns.enums import Handover
from campaigns.models import Campaign, RewardVariant
from home import countries
from home.csv_files import Cell, amount_cell
from home.languages import CHOICES, FRENCH, text_of
from home.models import Cooperative
from pledges import fulfilment, survey_answers
from pledges.enums import FulfilmentState, Origin, PledgeState, SurveyState, Wall
from pledges.models import DeliveryAddress, Pledge, PledgeItem, Survey

CHUNK = 1000

Rows = Iterator[list[Cell]]


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to."""

    campaign_id: int | None = None
    reward_id: int | None = None


def _items_of(cooperative: Cooperative, wanted: Wanted) -> QuerySet[PledgeItem]:
    """Without those that a change gave up (a row of none)."""
    items = PledgeItem.objects.filter(cooperative=cooperative, quantity__gt=0)
    if wanted.campaign_id:
        items = items.filter(pledge__campaign_id=wanted.campaign_id)
    if wanted.reward_id:
        items = items.filter(reward_id=wanted.reward_id)
    return items


def backers_header() -> list[str]:
    return [
        _("Campaign"),
        _("Reward"),
        _("Option"),
        _("Quantity"),
        _("Amount"),
        _("Currency"),
        _("Name"),
        _("Email"),
        _("Language"),
        _("State"),
        _("Gift for"),
        _("Business or organization"),
        _("Its tax numbers"),
        _("Note for the team"),
        _("Wall of thanks"),
        _("Contribution number"),
        _("Choices made"),
    ]


def backers(cooperative: Cooperative, wanted: Wanted, language: str) -> Rows:
    """A row for each tier of each contribution, in the order of the tiers; amounts with their postage.

    What was given without reward has rows of its own at the end, so that the amounts add up to the contributions.
    Read as columns, with what all rows share read once: it may be a million rows.
    """
    variants, said = _variants(cooperative), _Said.now(cooperative, language)
    surveyed = set(Survey.objects.exclude(state=SurveyState.DRAFT).values_list("reward_id", flat=True))
    for some in _in_chunks(columns_of_backers(cooperative, wanted)):
        choices = _choices(some, surveyed)
        for pk, _reward, quantity, price, postage, french, english, variant, *pledge in some:
            title = (french or english) if language == FRENCH else (english or french)
            tier = (title, variants[variant] if variant else "", quantity)
            yield [*said.row(tier, quantity * (price + postage), pledge), choices.get(pk, "")]
    if not wanted.reward_id:
        free = (_("Contribution without reward"), "", "")
        for some in _in_chunks(_with_extra(cooperative, wanted).values_list("extra", *PLEDGE_COLUMNS)):
            for extra, *pledge in some:
                yield [*said.row(free, extra, pledge), ""]


ITEM_COLUMNS = ("pk", "reward_id", "quantity", "unit_amount", "unit_postage", "title_fr", "title_en", "variant_id")
PLEDGE_COLUMNS = (
    *("campaign_id", "currency", "backer__name", "backer__email", "language", "state"),
    *("gift_for", "company_name", "company_numbers", "message", "wall", "pk"),
)


def columns_of_backers(cooperative: Cooperative, wanted: Wanted) -> QuerySet[Any, Any]:
    items = _items_of(cooperative, wanted).filter(_begun("pledge__"))
    order = ("pledge__campaign_id", "reward__position", "reward_id", "variant__position", "pledge_id", "pk")
    return items.order_by(*order).values_list(*ITEM_COLUMNS, *(f"pledge__{name}" for name in PLEDGE_COLUMNS))


class _Piece(NamedTuple):
    """What survey_answers reads of an item."""

    pk: int
    reward_id: int
    quantity: int


def _choices(items: list[Any], surveyed: set[int]) -> dict[int, str]:
    """By item, what was chosen in surveys; asked for the tiers that have one alone."""
    asked: list[Any] = [_Piece(*item[:3]) for item in items if item[1] in surveyed]
    return survey_answers.words_for(asked) if asked else {}


def _variants(cooperative: Cooperative) -> dict[int, str]:
    return {row.pk: str(row) for row in RewardVariant.objects.filter(reward__cooperative=cooperative)}


@dataclass(frozen=True)
class _Said:
    """What many rows share, in words."""

    campaigns: dict[int, str]
    languages: dict[str, str]
    states: dict[str, str]
    walls: dict[str, str]
    amount: Callable[[int], Cell]

    @classmethod
    def now(cls, cooperative: Cooperative, language: str) -> "_Said":
        return cls(
            campaigns={row.pk: row.title for row in Campaign.objects.filter(cooperative=cooperative)},
            languages=_words(CHOICES),
            states=_words(PledgeState.choices),
            walls=_words(Wall.choices),
            amount=lru_cache(4096)(partial(amount_cell, language=language)),
        )

    def row(self, tier: tuple[Cell, ...], amount: int, pledge: list[Any]) -> list[Cell]:
        campaign, currency, name, email, language, state, gift, company, numbers, message, wall, pk = pledge
        return [
            self.campaigns[campaign],
            *tier,
            self.amount(amount),
            currency,
            name,
            email,
            self.languages.get(language, language),
            self.states.get(state, state),
            gift,
            company,
            numbers,
            message,
            self.walls.get(wall, wall),
            pk,
        ]


def _words(choices: Iterable[tuple[str, Any]]) -> dict[str, str]:
    return {value: str(label) for value, label in choices}


def _with_choices(items: QuerySet[Any]) -> Iterator[Any]:
    """What was chosen in surveys, read some rows at a time."""
    for some in _in_chunks(items):
        yield from survey_answers.with_choices(some)


def _in_chunks(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    remaining = rows.iterator(CHUNK)
    while some := list(islice(remaining, CHUNK)):
        yield some


def _begun(prefix: str = "") -> Q:
    """Not those that never came to anything, nor those that are being paid at this moment."""
    pending = Q(**{f"{prefix}state": PledgeState.PENDING, f"{prefix}origin": Origin.ONLINE})
    return ~Q(**{f"{prefix}state": PledgeState.LAPSED}) & ~pending


def _with_extra(cooperative: Cooperative, wanted: Wanted) -> QuerySet[Pledge]:
    pledges = Pledge.objects.filter(_begun(), cooperative=cooperative, extra__gt=0)
    if wanted.campaign_id:
        pledges = pledges.filter(campaign_id=wanted.campaign_id)
    return pledges.order_by("campaign_id", "pk")


def to_mail(cooperative: Cooperative, wanted: Wanted) -> QuerySet[PledgeItem]:
    """Paid for, to be mailed, and not sent yet."""
    return fulfilment.movable(_items_of(cooperative, wanted), FulfilmentState.SENT)


def parcels(cooperative: Cooperative, wanted: Wanted) -> QuerySet[Pledge]:
    """Contributions with something to mail, whether they have an address or not."""
    mailed = to_mail(cooperative, wanted).filter(pledge=OuterRef("pk"))
    return Pledge.objects.filter(Exists(mailed), cooperative=cooperative).select_related("backer").order_by("pk")


def without_address(cooperative: Cooperative, wanted: Wanted) -> QuerySet[Pledge]:
    """Parcels that cannot leave: nobody knows where to."""
    return parcels(cooperative, wanted).filter(address=None)


def labels_header() -> list[str]:
    return [
        _("Name on the parcel"),
        _("Address"),
        _("Apartment, office"),
        _("City, province and postal code"),
        _("Country"),
        _("Rewards"),
        _("Email"),
        _("Contribution number"),
    ]


def labels(cooperative: Cooperative, wanted: Wanted) -> Rows:
    """A row for each parcel that has an address, as its label reads; all that goes in it in one cell."""
    items = to_mail(cooperative, wanted).select_related("variant").order_by("pk")
    sent = parcels(cooperative, wanted).exclude(address=None).select_related("address")
    parcels_sent = sent.prefetch_related(Prefetch("items", items, to_attr="in_parcel"))
    for pledge in _with_contents(parcels_sent):
        address = pledge.address
        yield [
            address.recipient,
            address.line1,
            address.line2,
            _city_line(address),
            countries.name_of(address.country),
            _contents(pledge.in_parcel),
            pledge.backer.email,
            pledge.pk,
        ]


def _with_contents(pledges: QuerySet[Any]) -> Iterator[Any]:
    for some in _in_chunks(pledges):
        survey_answers.with_choices(item for pledge in some for item in pledge.in_parcel)
        yield from some


def _city_line(address: DeliveryAddress) -> str:
    """« Saint-Aurèle (Québec)  G0L 0X0 », as Canada Post and others read it."""
    region = f" ({address.region})" if address.region else ""
    return f"{address.city}{region}  {address.postal_code}".rstrip()


def _contents(items: list[Any]) -> str:
    """How many of each, those of one tier and form together, and what was chosen of them."""
    return ", ".join(f"{item.quantity} × {_name_and_choices(item)}" for item in items)


def _name_and_choices(item: Any) -> str:
    return f"{item.named} [{item.choices_made}]" if item.choices_made else item.named


@dataclass(frozen=True)
class PickUp:
    """Something that waits at a place for someone."""

    place: str
    hours: str
    item: Any


def to_pick_up(cooperative: Cooperative, wanted: Wanted, language: str) -> Iterator[PickUp]:
    """By place, then by name. A tier that says no place is picked up at the cooperative's."""
    waiting = fulfilment.movable(_items_of(cooperative, wanted), FulfilmentState.DELIVERED)
    items: QuerySet[Any] = waiting.filter(handover=Handover.PICKUP).select_related(
        "reward", "variant", "pledge__backer"
    )
    place = (f"reward__pickup_place_{language}", "reward__pickup_place_fr", "reward__pickup_place_en")
    for item in _with_choices(items.order_by(*place, "pledge__backer__name", "pledge_id", "pk")):
        reward = item.reward
        where = text_of(reward, "pickup_place", language) or cooperative.address_line
        yield PickUp(where, text_of(reward, "pickup_hours", language), item)


def pick_up_header() -> list[str]:
    return [
        _("Place"),
        _("Hours"),
        _("Name"),
        _("Reward"),
        _("Option"),
        _("Choices made"),
        _("Quantity"),
        _("State"),
        _("Email"),
        _("Contribution number"),
        _("Handed over"),
    ]


def pick_up(cooperative: Cooperative, wanted: Wanted, language: str) -> Rows:
    """A row for each reward that waits; the last column is left for a tick."""
    for one in to_pick_up(cooperative, wanted, language):
        item, backer = one.item, one.item.pledge.backer
        option, state = str(item.variant or ""), item.get_state_display()
        yield [
            one.place,
            one.hours,
            backer.name,
            item.title,
            option,
            item.choices_made,
            item.quantity,
            state,
            backer.email,
            item.pledge_id,
            "",
        ]
