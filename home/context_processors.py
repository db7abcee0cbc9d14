"""What every template may read about the house it is in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from home.languages import TAGS, current
from home.models import Brand


def house(request: HttpRequest) -> dict[str, Any]:
    cooperative = getattr(request, "cooperative", None)
    language = current()
    return {
        "cooperative": cooperative,
        "brand": Brand.for_request(request) if cooperative else None,
        "language": language,
        "home_url": f"/{language}/",
        "language_tag": TAGS[language],
        "processor": settings.PAYMENT_PROCESSOR_NAME,
    }
