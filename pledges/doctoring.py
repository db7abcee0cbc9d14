"""What can be wrong between this installation and Stripe."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from home.doctor.of_machine import skew
from home.doctor.registry import Finding, advice, examine, problem
from pledges import event_routes, gateway
from pledges.gateway import standing


@examine
def keys() -> Iterator[Finding]:
    """As they are written; nothing is asked."""
    do = _("Copy it from Stripe’s dashboard (Developers, API keys).")
    if not settings.STRIPE_SECRET_KEY:
        yield problem("STRIPE_SECRET_KEY", _("Without it nobody can contribute."), do)
    elif gateway.is_test_key(settings.STRIPE_SECRET_KEY):
        what = _("It is a key of Stripe’s test mode: contributions seem to be paid, and no money moves.")
        yield problem("STRIPE_SECRET_KEY", what, do)
    elif not settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
        yield problem("STRIPE_SECRET_KEY", _("It is no secret key of Stripe’s."), do)
    if settings.STRIPE_TEST_SECRET_KEY and not gateway.has_test_mode():
        what = _("It is no key of the test mode: no trial starts with it.")
        yield problem("STRIPE_TEST_SECRET_KEY", what, do)
    if settings.STRIPE_API_BASE:
        what = _("Payments are asked for at %(address)s, not at Stripe.") % {"address": settings.STRIPE_API_BASE}
        yield problem("STRIPE_API_BASE", what, _("Leave it out."))


@examine
def webhook_secret() -> Iterator[Finding]:
    do = _("Copy it from Stripe’s dashboard (Developers, Webhooks, the endpoint).")
    if not settings.STRIPE_WEBHOOK_SECRET:
        yield problem("STRIPE_WEBHOOK_SECRET", _("Without it no event of Stripe’s is believed."), do)
    elif not settings.STRIPE_WEBHOOK_SECRET.startswith("whsec_") or len(settings.STRIPE_WEBHOOK_SECRET) < 30:
        what = _("It is no signing secret of Stripe’s: others could make up events.")
        yield problem("STRIPE_WEBHOOK_SECRET", what, do)


@examine
def answers() -> Iterator[Finding]:
    """Whether Stripe lets us in, goes by the same clock, and sends us what we follow."""
    if not settings.STRIPE_SECRET_KEY:
        return
    try:
        there = standing.read_clock()
        endpoints = standing.endpoints()
    except gateway.GatewayError as error:
        what = _("Stripe did not let us in (%(error)s).") % {"error": type(error).__name__}
        yield problem("Stripe", what, _("Look at STRIPE_SECRET_KEY, and whether the firewall lets it out."))
        return
    apart = there - timezone.now()
    if abs(apart) > timedelta(seconds=1) and (found := skew(apart, "Stripe")):  # it says whole seconds
        yield found
    yield from _heard(endpoints)


def _heard(endpoints: list[standing.Endpoint]) -> Iterator[Finding]:
    path = reverse("stripe_webhook")
    ours = [one for one in endpoints if urlsplit(one.url).path == path and one.is_enabled]
    address = f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{path}"
    if not ours:
        what = _("No endpoint at Stripe sends events here: they are only found by asking, some minutes late.")
        do = _("Add one for connected accounts at Stripe (Developers, Webhooks): %(address)s.")
        yield problem("Stripe", what, do % {"address": address})
        return
    missing = sorted(kind for kind in event_routes.ROUTES if not any(one.hears(kind) for one in ours))
    if missing:
        what = _("The endpoint at Stripe does not send: %(kinds)s.") % {"kinds": ", ".join(missing)}
        yield problem("Stripe", what, _("Add these kinds to it (Developers, Webhooks, the endpoint)."))
    if not any(one.url.startswith("https://") for one in ours):
        yield advice("Stripe", _("Its events come without encryption."), _("Let the endpoint begin with https://."))
