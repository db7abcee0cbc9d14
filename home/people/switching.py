"""From one cooperative's host to another's, for someone who works in both, without a password asked again.

Cookies are bound to hosts, so that each host has a session of its own. The way is an address at the other host: secret,
good for one minute and one use, and only ever for the person who asked for it. It carries how that person proved who
they are, and when, so that the other host asks for no more and no less than this one would.
"""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, login
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from home import clock
from home.leading_on import is_path
from home.models import Cooperative, Crossing, User
from home.queries import roles_of
from home.tenancy import within

LASTS = timedelta(minutes=1)

#: What the session says of how someone logged in (django-allauth's names), and of how long it stays.
CARRIED = ("account_authentication_methods", "account_authentication_methods_user", "_session_expiry")

SIGNER = signing.Signer(salt="tremplin.crossing")


class CrossingRefused(Exception):
    """The way was used, is over, is not ours, or leads where its person does not belong any more."""


def way_to(request: HttpRequest, cooperative: Cooperative, path: str) -> str:
    """An address at the other cooperative's host, which asks to continue there, at `path`.

    For a redirect that answers a POST: it lasts a minute. Raises PermissionDenied for someone who does not work there,
    ValueError for a path that is not one of a site's own.
    """
    user = request.user
    if not isinstance(user, User) or not roles_of(user, cooperative):
        raise PermissionDenied
    if not is_path(path):
        raise ValueError(f"Not a path of a site's own: {path!r}")
    token = SIGNER.sign(secrets.token_urlsafe(32))
    kept = (*CARRIED, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
    proof = {key: request.session[key] for key in kept if key in request.session}
    now = clock.now()
    with within(cooperative):
        Crossing.objects.filter(expires_at__lt=now).delete()
        Crossing.objects.create(
            cooperative=cooperative,
            user=user,
            token_hash=_hashed(token),
            path=path,
            proof=proof,
            expires_at=now + LASTS,
        )
    return cooperative.root_url + reverse("crossing", args=[token], urlconf=settings.ROOT_URLCONF)


def read(cooperative: Cooperative, token: str) -> Crossing:
    """The way that stands under a token, in the scope of where it leads. Raises CrossingRefused.

    It ends with the session that asked for it: by another password, by a second factor taken away.
    """
    try:
        SIGNER.unsign(token)
    except signing.BadSignature as error:
        raise CrossingRefused from error
    standing = Crossing.objects.filter(used_at=None, expires_at__gt=clock.now(), token_hash=_hashed(token))
    crossing = standing.select_related("user").first()
    if crossing is None or not crossing.user.is_active or not roles_of(crossing.user, cooperative):
        raise CrossingRefused
    if crossing.proof.get(HASH_SESSION_KEY) != crossing.user.get_session_auth_hash():
        raise CrossingRefused
    return crossing


@transaction.atomic
def follow(request: HttpRequest, cooperative: Cooperative, token: str) -> str:
    """Use it up and log its person in at this host; the path to go on to. Raises CrossingRefused."""
    crossing = read(cooperative, token)
    if not Crossing.objects.filter(pk=crossing.pk, used_at=None).update(used_at=clock.now(), proof={}):
        raise CrossingRefused
    login(request, crossing.user, backend=crossing.proof.get(BACKEND_SESSION_KEY, settings.AUTHENTICATION_BACKENDS[0]))
    for key in CARRIED:
        request.session.pop(key, None)
        if key in crossing.proof:
            request.session[key] = crossing.proof[key]
    return crossing.path


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
