"""Files of editors and cooperatives, in parts where a part is asked for: Safari plays no video otherwise."""

import posixpath
import re
from collections.abc import Iterator
from typing import IO, Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.static import serve

#: One range, which is all that players ask for.
RANGE = re.compile(r"^bytes=([0-9]{0,18})-([0-9]{0,18})$")
CHUNK = 64 * 1024

#: Where documents lie, which may be private (they have an address of their own, which asks who reads them), and what
#: Wagtail keeps until a form is filled in.
PRIVATE = ("documents/", "wagtail_uploads/")


@require_safe
@cache_control(public=True, max_age=30 * 24 * 3600)
def serve_media(request: HttpRequest, path: str) -> HttpResponseBase:
    """The file, or its part named by the Range header (206; 416 where it has no such part).

    A file put in another's place has a name of its own, so what was fetched may be kept.
    """
    if posixpath.normpath(path).lstrip("/").casefold().startswith(PRIVATE):
        raise Http404
    try:
        whole = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except (OSError, ValueError) as error:  # a name that no disk takes
        raise Http404 from error
    if not isinstance(whole, FileResponse):
        return whole
    whole["Accept-Ranges"] = "bytes"
    match = RANGE.match(request.headers.get("Range", ""))
    if match is None or match.groups() == ("", "") or "If-Range" in request.headers:
        return whole
    size = int(whole["Content-Length"])
    start, end = _bounds(match[1], match[2], size)
    if start > end:
        whole.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    return _part(whole, start, end, size)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte; without a first one, that many bytes of the end."""
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _part(whole: FileResponse, start: int, end: int, size: int) -> StreamingHttpResponse:
    file: Any = whole.file_to_stream
    file.seek(start)
    part = StreamingHttpResponse(_read(file, end - start + 1), status=206, content_type=whole["Content-Type"])
    part._resource_closers.append(file.close)  # type: ignore[attr-defined]
    part["Accept-Ranges"], part["Content-Length"] = "bytes", str(end - start + 1)
    part["Content-Range"] = f"bytes {start}-{end}/{size}"
    part["Last-Modified"] = whole["Last-Modified"]
    return part


def _read(file: IO[bytes], left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        left -= len(chunk)
        yield chunk
