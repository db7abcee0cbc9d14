"""How much one may send at once: little to the public, files to the admin alone, by someone who is logged in there.

Asked before anything reads the request, so that nobody fills the disk with what would be refused. What is longer than
it may be is answered 413, by a page that says so.
"""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from home import document_contents, videos
from home.middleware import GetResponse
from home.views import too_large

ADMIN: Final = "/admin/"
FILMS: Final = "/admin/media/"
#: What stands around a file: the fields beside it, and the parts that keep them apart.
AROUND: Final = 2 * 1024 * 1024
#: Up to here what is refused is read and thrown away: a browser shows an answer only once it has sent all.
HEARD_OUT: Final = 16 * 1024 * 1024
CHUNK: Final = 64 * 1024


class BodyLimitMiddleware:
    """Stands behind the one that knows who is logged in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if length_of(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and length_of(request) > most_for(request):
            _hear_out(request)
            return too_large(request)
        return self.get_response(request)


def length_of(request: HttpRequest) -> int:
    """As announced; without a word of it nothing is read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def most_for(request: HttpRequest) -> int:
    if not request.path.startswith(ADMIN) or not request.user.has_perm("wagtailadmin.access_admin"):
        most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return most
    if request.path.startswith(FILMS):
        return videos.LARGEST + AROUND
    return max(settings.WAGTAILIMAGES_MAX_UPLOAD_SIZE, document_contents.LARGEST) + AROUND


def _hear_out(request: HttpRequest) -> None:
    left = length_of(request)
    if left > HEARD_OUT:
        return
    while left > 0 and (chunk := request.read(min(CHUNK, left))):
        left -= len(chunk)
