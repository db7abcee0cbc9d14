"""The mail that asks whether an address is still right, or for one. `occasion` is `check:<id>`."""

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from home import countries, formats
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import own_settings
from pledges.address_checks import KIND
from pledges.links import contribution_token
from pledges.models import AddressCheck, DeliveryAddress, Pledge


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def fill_check(mail: OutgoingMail) -> Context:
    pledges = Pledge.objects.select_related("campaign__cooperative", "cooperative__site", "backer")
    pledge = pledges.get(pk=_id_in(mail.subject_key))
    check = AddressCheck.objects.get(pk=_id_in(mail.occasion))
    address = own_settings.address_of(pledge)
    items = pledge.items.filter(reward__in=check.tiers.all(), quantity__gt=0).order_by("pk")
    return {
        "campaign": pledge.campaign,
        "reward": ", ".join(dict.fromkeys(item.title for item in items)),
        "lines": address_lines(address) if address else [],
        "ship_date": formats.day(check.ship_on),
        "lock_date": formats.day(check.lock_on),
        "button_url": _url(mail, pledge),
        "button_label": gettext("Correct my address") if address else gettext("Give my delivery address"),
    }


def address_lines(address: DeliveryAddress) -> list[str]:
    """As it stands on a parcel."""
    region = f" ({address.region})" if address.region else ""
    place = f"{address.city}{region} {address.postal_code}".rstrip()
    lines = [address.recipient, address.line1, address.line2, place, countries.name_of(address.country)]
    return [line for line in lines if line]


def _url(mail: OutgoingMail, pledge: Pledge) -> str:
    if not mail.pk:
        return pledge.cooperative.root_url + "/"
    with translation.override(mail.language):
        return pledge.cooperative.root_url + reverse("contribution_address", args=[contribution_token(pledge)])


register(MailKind(KIND, "pledges", Category.SERVICE, "Is the address still right, before it is mailed to.", fill_check))
