"""What a provider's event says of the address it is about: does it take no mail at all?

anymail calls refusals for good and for now by one name, so that the event itself has to be read, as each provider
writes it. Where a provider is not known here, anymail's own reason decides.
"""

from collections.abc import Callable
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

#: Reasons that are about the address, not about the message.
OF_THE_ADDRESS = {RejectReason.BOUNCED, RejectReason.INVALID}

#: SparkPost's classes of refusals for good: invalid recipient, no recipient of that name.
SPARKPOST_HARD = {"10", "30"}

Reading = Callable[[AnymailTrackingEvent], bool]


def is_for_good(provider: str, event: AnymailTrackingEvent) -> bool:
    """Whether the address itself was refused, for good."""
    if event.event_type not in (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED):
        return False
    return READINGS.get(provider, _by_reason)(event)


def _by_reason(event: AnymailTrackingEvent) -> bool:
    return event.reject_reason in OF_THE_ADDRESS


def said(raw: Any, *keys: str) -> Any:
    """What stands under these keys, one below the other; None where it does not."""
    for key in keys:
        if not isinstance(raw, dict):
            return None
        raw = raw.get(key)
    return raw


def _says(*keys: str, of: set[str]) -> Reading:
    return lambda event: str(said(event.esp_event, *keys)) in of


def _mailjet(event: AnymailTrackingEvent) -> bool:
    """« bounce » says itself whether it is for good; « blocked » is not tried, for what was known before."""
    if said(event.esp_event, "event") == "blocked":
        return _by_reason(event)
    return said(event.esp_event, "hard_bounce") is True


def _mandrill(event: AnymailTrackingEvent) -> bool:
    raw = event.esp_event
    return said(raw, "event") == "hard_bounce" or said(raw, "reject", "reason") == "hard-bounce"


def _resend(event: AnymailTrackingEvent) -> bool:
    """Older events have no type, only a sentence."""
    kind = said(event.esp_event, "data", "bounce", "type")
    return kind == "Permanent" if kind else "hard bounce" in str(event.description or "")


def _sendgrid(event: AnymailTrackingEvent) -> bool:
    """A « bounce » of type « blocked » is of this message only; « dropped » is not tried."""
    if said(event.esp_event, "event") == "bounce":
        return said(event.esp_event, "type") != "blocked"
    return _by_reason(event)


def _sparkpost(event: AnymailTrackingEvent) -> bool:
    told = said(event.esp_event, "msys")
    classes = (said(one, "bounce_class") for one in (told.values() if isinstance(told, dict) else ()))
    return any(str(one) in SPARKPOST_HARD for one in classes)


READINGS: dict[str, Reading] = {
    "Amazon SES": _says("bounce", "bounceType", of={"Permanent"}),
    "Brevo": _says("event", of={"hard_bounce", "invalid_email"}),
    "MailerSend": _says("data", "type", of={"hard_bounced"}),
    "Mailjet": _mailjet,
    "Mailtrap": _says("event", of={"bounce"}),
    "Mandrill": _mandrill,
    "Postmark": lambda event: (
        str(said(event.esp_event, "Type")) in {"HardBounce", "BadEmailAddress"}
        or said(event.esp_event, "SuppressionReason") == "HardBounce"
    ),
    "Resend": _resend,
    "SendGrid": _sendgrid,
    "SparkPost": _sparkpost,
}
