"""What the payment provider tells us."""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from home.form_limits import limits_itself
from pledges import gateway, webhooks

log = logging.getLogger(__name__)


@csrf_exempt
@limits_itself("what the provider did not sign is refused")
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Stored once and handled later; anything not signed by the provider is refused."""
    try:
        webhooks.receive(request.body, request.headers.get("Stripe-Signature", ""))
    except gateway.Refused as error:
        log.warning("an event was refused: %s", error)
        return HttpResponseBadRequest("refused", content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
