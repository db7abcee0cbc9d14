"""Answers public pages that are kept, and keeps those that may be. Stands before everything else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from home.middleware import CompressionMiddleware
from home.page_cache import answers, store, versions
from home.page_cache.freshness import State, judge
from home.page_cache.keys import Key, Personal, is_kept, key_of
from home.page_cache.noting import recording
from home.page_cache.shelves import Entry, share, shared, shelf

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: Seconds after which someone else makes a page, where whoever was making it has died.
LEASE = 5
#: Seconds between two looks of those who wait for a page that is being made.
LOOK = 0.01

#: Of a request, what must not change a page that everyone gets; its answer is cut to them afterwards.
OWN = ("HTTP_COOKIE", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")


class PageCacheMiddleware:
    """One request makes a page; others of any process that ask meanwhile get the one before, or wait for it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.personal = Personal.of_settings()
        self.compressed = CompressionMiddleware(get_response).process_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = key_of(request) if settings.PAGE_CACHE else None
        if key is None or self.personal.holds(request):
            return self.get_response(request)
        if (entry := shelf.trusted(key)) is not None:
            return answers.answer(request, entry, "kept")
        entry = shelf.get(key)
        state = judge(entry) if entry is not None else State.OVER
        if entry is not None and state is State.FRESH:
            shelf.trust(key)
            return answers.answer(request, entry, "kept")
        if request.method == "HEAD" or shelf.is_refused(key) or (entry is None and not is_kept(request)):
            return self.get_response(request)
        return self._newer(request, key, entry if state is State.BEHIND else None)

    def _newer(self, request: HttpRequest, key: Key, behind: Entry | None) -> HttpResponseBase:
        """What another process made meanwhile, else the page made now by one; `behind` is what the others get."""
        for _look in _looks():
            if (entry := _made_by_another(key)) is not None:
                return answers.answer(request, entry, "shared")
            if store.add(f"{key.name}:lease", 1, seconds=LEASE):
                return self._make_for_all(request, key)
            if behind is not None:
                return answers.answer(request, behind, "behind")
            if shelf.is_refused(key):
                break
        return self.get_response(request)

    def _make_for_all(self, request: HttpRequest, key: Key) -> HttpResponseBase:
        try:
            # Whoever had the lease before may have been done between the look and the taking.
            if (other := _made_by_another(key)) is not None:
                return answers.answer(request, other, "shared")
            response, entry = self._make(request, key)
            if entry is not None:
                share(entry)
        finally:
            store.delete(f"{key.name}:lease")
        return self.compressed(request, response) if entry is None else answers.answer(request, entry, "made")

    def _make(self, request: HttpRequest, key: Key) -> tuple[HttpResponseBase, Entry | None]:
        """The page, and what is kept of it: nothing, if anything was published while it was made."""
        before, began = versions.current([versions.ANY]), time.time()
        with recording() as notes, _anyone_s(request, key):
            response = self.get_response(request)
        if not isinstance(response, HttpResponse) or not answers.may_be_kept(request, response):
            shelf.refuse(key)
            return response, None
        depends = answers.versions_of(request)
        found = versions.current([*depends, versions.ANY])
        if before != {versions.ANY: found.get(versions.ANY)}:
            return response, None
        made_from = {name: found[name] for name in depends}
        return response, answers.entry_of(key, request, response, notes, made_from, began)


def _made_by_another(key: Key) -> Entry | None:
    """What any process made, if it may be sent now."""
    entry = shared(key)
    if entry is None or judge(entry) is not State.FRESH:
        return None
    shelf.put(entry)
    return entry


def _looks() -> Iterator[int]:
    """Until whoever has the lease must have died."""
    for look in range(int(LEASE / LOOK)):
        if look:
            time.sleep(LOOK)
        yield look


@contextmanager
def _anyone_s(request: HttpRequest, key: Key) -> Iterator[None]:
    """The request, without what is this visitor's own, and with the query strings that pages read alone."""
    kept = {name: request.META.pop(name) for name in OWN if name in request.META}
    asked = request.META.get("QUERY_STRING", "")
    request.META["QUERY_STRING"] = key.query
    request.__dict__.pop("GET", None)
    try:
        yield
    finally:
        request.META.update(kept)
        request.META["QUERY_STRING"] = asked
