"""A campaign as search engines read it (JSON-LD, schema.org), in the language of the page.

The cooperative is an Organization, the campaign a Project of it, each tier an Offer. Not a DonateAction, nor a
MonetaryGrant: whoever contributes gives neither a charitable gift nor a grant.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from home.models import Cooperative

Node = dict[str, Any]

CONTEXT = "https://schema.org"


@dataclass(frozen=True)
class Described:
    """What a page says of its campaign; addresses are absolute."""

    url: str
    language: str
    title: str
    description: str
    place: str
    image: str


@dataclass(frozen=True)
class Offered:
    """One tier; `amount` in minor units, `until` an instant, empty where no end is known."""

    url: str
    title: str
    amount: int
    currency: str
    is_gone: bool
    until: str


def graph(cooperative: Cooperative, page: Described, offers: Iterable[Offered]) -> Node:
    organization, project = f"{cooperative.root_url}/#cooperative", f"{page.url}#campaign"
    return {
        "@context": CONTEXT,
        "@graph": [
            _organization(cooperative, organization),
            _web_page(page, organization, project),
            _project(page, organization, project) | _offers(offers, organization),
        ],
    }


def _organization(cooperative: Cooperative, key: str) -> Node:
    return {
        "@type": "Organization",
        "@id": key,
        "name": cooperative.name,
        "legalName": cooperative.legal_name,
        "url": f"{cooperative.root_url}/",
        "address": cooperative.address_line,
        "telephone": cooperative.phone,
        "email": cooperative.contact_email,
    }


def _web_page(page: Described, organization: str, project: str) -> Node:
    return {
        "@type": "WebPage",
        "@id": page.url,
        "url": page.url,
        "name": page.title,
        "description": page.description,
        "inLanguage": page.language,
        "primaryImageOfPage": {"@type": "ImageObject", "url": page.image},
        "publisher": {"@id": organization},
        "about": {"@id": project},
    }


def _project(page: Described, organization: str, key: str) -> Node:
    node = {
        "@type": "Project",
        "@id": key,
        "name": page.title,
        "description": page.description,
        "url": page.url,
        "image": page.image,
        "parentOrganization": {"@id": organization},
    }
    return node | ({"location": {"@type": "Place", "name": page.place}} if page.place else {})


def _offers(offers: Iterable[Offered], organization: str) -> Node:
    nodes = [_offer(offer, organization) for offer in offers]
    return {"makesOffer": nodes} if nodes else {}


def _offer(offer: Offered, organization: str) -> Node:
    ends = {"availabilityEnds": offer.until} if offer.until else {}
    return ends | {
        "@type": "Offer",
        "name": offer.title,
        "url": offer.url,
        "price": f"{offer.amount // 100}.{offer.amount % 100:02}",
        "priceCurrency": offer.currency,
        "availability": f"{CONTEXT}/{'SoldOut' if offer.is_gone else 'PreOrder'}",
        "seller": {"@id": organization},
    }
