"""Through which shared link someone came: `?via=` in the address, carried on by the links of the page. No cookie."""

from urllib.parse import urlencode

from django.http import HttpRequest

#: A longer code was not made by us.
VIA_LENGTH = 60


def via_of(request: HttpRequest | None) -> str:
    """The code in the address asked for; empty where there is none, or none of ours."""
    via = request.GET.get("via", "").replace("\0", "") if request else ""
    return via if len(via) <= VIA_LENGTH else ""


def with_via(url: str, via: str) -> str:
    """The address, with the code if there is one."""
    return f"{url}?{urlencode({'via': via})}" if via else url
