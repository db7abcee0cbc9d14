"""What the colours of a brand must bear: every text of the site readable on every ground that it stands on.

Each demand is made of one colour, against others that are settled before it; so a set of colours in which each that
fell short took its offer falls short nowhere. What is derived from them (home.brand.branding) passes by its making.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from home.brand.colours import WHITE, contrast, nearest

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TEXT_RATIO = 4.5

#: The house's own colours for states (tokens.css): late, in order, to correct. They stand on the tint too.
STATES = ("#8f2d12", "#14603f", "#a1121f")

Colours = dict[str, str]


@dataclass(frozen=True)
class Demand:
    """`of` must reach 4.5:1 with every colour of `against`; with `either`, with the best of them."""

    of: str
    against: Callable[[Colours], tuple[str, ...]]
    shortfall: "_StrPromise"
    either: bool = False

    def reached(self, colour: str, colours: Colours) -> float:
        ratios = [contrast(colour, other) for other in self.against(colours)]
        return max(ratios) if self.either else min(ratios)


@dataclass(frozen=True)
class Shortfall:
    """A colour that does not pass: the sentence (with %(reached)s and %(asked)s) and the nearest that does."""

    name: str
    sentence: "_StrPromise"
    reached: float
    asked: float
    offer: str


DEMANDS = (
    Demand(
        "ink",
        lambda colours: (WHITE,),
        _("The text would be hard to read on white paper: contrast %(reached)s, where %(asked)s is needed."),
    ),
    Demand(
        "tint",
        lambda colours: (colours["ink"],),
        _("The text would be hard to read on this second surface: contrast %(reached)s, where %(asked)s is needed."),
    ),
    Demand(
        "tint",
        lambda colours: STATES,
        _(
            "The colours that say late, in order or to correct would be hard to read on this second surface: "
            "contrast %(reached)s, where %(asked)s is needed."
        ),
    ),
    Demand(
        "action",
        lambda colours: (WHITE,),
        _(
            "Links would be hard to read on white paper, and white on buttons: "
            "contrast %(reached)s, where %(asked)s is needed."
        ),
    ),
    Demand(
        "action",
        lambda colours: (colours["tint"],),
        _("Links would be hard to read on the second surface: contrast %(reached)s, where %(asked)s is needed."),
    ),
    Demand(
        "field",
        lambda colours: (colours["ink"], WHITE),
        _(
            "Neither the text nor white would be easy to read on the field of the header: "
            "contrast %(reached)s, where %(asked)s is needed."
        ),
        either=True,
    ),
    Demand(
        "deep",
        lambda colours: (colours["ink"], WHITE),
        _(
            "Neither the text nor white would be easy to read on the dark field: "
            "contrast %(reached)s, where %(asked)s is needed."
        ),
        either=True,
    ),
    Demand(
        "deep_mark",
        lambda colours: (colours["deep"],),
        _("What stands out would be hard to read on the dark field: contrast %(reached)s, where %(asked)s is needed."),
    ),
)

#: Asked where there is such a colour: left empty, it is that of the header.
MAIL_HEAD = Demand(
    "mail_field",
    lambda colours: (colours["ink"], WHITE),
    _(
        "Neither the text nor white would be easy to read at the head of emails: "
        "contrast %(reached)s, where %(asked)s is needed."
    ),
    either=True,
)

#: The colours that are asked something of, in the order in which they are settled.
CHECKED = tuple(dict.fromkeys(demand.of for demand in DEMANDS))


def shortfalls(colours: Colours) -> list[Shortfall]:
    """One for each colour that does not pass, about the worst of its pairs.

    All of `CHECKED` must be there. A colour that falls short counts as its offer for those settled after it.
    """
    settled, found = dict(colours), []
    for name in CHECKED:
        reached, demand = _worst(name, settled[name], settled)
        if reached < TEXT_RATIO:
            settled[name] = _offer(name, settled)
            found.append(Shortfall(name, demand.shortfall, reached, TEXT_RATIO, settled[name]))
    return found


def mail_shortfall(colours: Colours) -> Shortfall | None:
    """Of the head of mails, on which the ink or white is written."""
    chosen = colours["mail_field"]
    reached = MAIL_HEAD.reached(chosen, colours)
    if reached >= TEXT_RATIO:
        return None
    offer = nearest(chosen, lambda shade: MAIL_HEAD.reached(shade, colours) >= TEXT_RATIO)
    return Shortfall("mail_field", MAIL_HEAD.shortfall, reached, TEXT_RATIO, offer)


def _worst(name: str, colour: str, settled: Colours) -> tuple[float, Demand]:
    """The pair of this colour that reaches least."""
    reached = [(demand.reached(colour, settled), demand) for demand in DEMANDS if demand.of == name]
    return min(reached, key=lambda pair: pair[0])


def _offer(name: str, settled: Colours) -> str:
    return nearest(settled[name], lambda shade: _worst(name, shade, settled)[0] >= TEXT_RATIO)
