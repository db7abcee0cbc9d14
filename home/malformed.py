"""What no browser sends: read as far as it can be, and refused where it cannot, before any view sees it."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.defaults import page_not_found

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class EncodingMiddleware:
    """Forms and addresses are UTF-8, whatever a request says: some encodings that it may name are none of texts.

    Bytes that are no UTF-8 are read as the sign for that, which every field bears.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding is not None:
            request.encoding = None  # type: ignore[assignment]
        return self.get_response(request)


class AddressMiddleware:
    """No address of ours holds a NUL, which PostgreSQL takes in no text: it leads nowhere, before it is looked up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info:
            return page_not_found(request, Http404("A NUL in the address."))
        return self.get_response(request)
