"""What providers post about mails, in the shapes that each publishes; the words and figures are ours.

`happening` is one of HAPPENINGS. Each provider's function returns the address below /anymail/ and what its request
holds; `knows_row` is false for a provider that lost our name of the row and has its own only.
"""

import base64
import hashlib
import hmac
import importlib.util
import json

MAILGUN_KEY, MANDRILL_KEY = "key-of-mailgun", "key-of-mandrill"
SECRET = "tremplin:of-the-webhooks"
HAPPENINGS = ("accepted", "opened", "delivered", "soft", "hard", "complained")

#: By happening: when, in seconds.
AT = {name: 1_795_000_000 + 60 * place for place, name in enumerate(HAPPENINGS)}


def own_id(mail):
    """What the provider called it at sending."""
    return f"id-{mail.token.hex}"


def row_of(mail, knows_row):
    return {"mail": str(mail.token)} if knows_row else {}


def iso(happening):
    minute = HAPPENINGS.index(happening)
    return f"2026-11-18T13:{minute:02}:00.000Z"


def as_json(path, data, **headers):
    return path, {"data": json.dumps(data), "content_type": "application/json", **headers}


def mailgun(mail, happening, knows_row=True):
    event = {"accepted": "accepted", "opened": "opened", "delivered": "delivered", "complained": "complained"}
    data = {
        "event": event.get(happening, "failed"),
        "id": f"{happening}-{mail.pk}",
        "timestamp": AT[happening] + 0.25,
        "log-level": "info",
        "recipient": mail.address,
        "user-variables": row_of(mail, knows_row),
        "message": {"headers": {"to": mail.address, "message-id": f"{own_id(mail)}@mg.example"}},
        "delivery-status": {"code": 250, "message": "OK", "description": ""},
    }
    if happening in ("soft", "hard"):
        data |= {"severity": "temporary" if happening == "soft" else "permanent"}
        data |= {"reason": "generic" if happening == "soft" else "bounce"}
        data["delivery-status"] = {"code": 550, "message": f"5.1.1 {mail.address}: no such user", "description": None}
    signature = {"timestamp": str(AT[happening]), "token": hashlib.sha256(data["id"].encode()).hexdigest()[:50]}
    signed = f"{signature['timestamp']}{signature['token']}".encode()
    signature["signature"] = hmac.new(MAILGUN_KEY.encode(), signed, hashlib.sha256).hexdigest()
    return as_json("mailgun/tracking/", {"signature": signature, "event-data": data})


def sendgrid(mail, happening, knows_row=True):
    event = {"accepted": "processed", "opened": "open", "complained": "spamreport", "delivered": "delivered"}
    one = {
        "email": mail.address,
        "timestamp": AT[happening],
        "event": event.get(happening, "bounce"),
        "sg_event_id": f"sg-{happening}-{mail.pk}",
        "sg_message_id": f"{own_id(mail)}.filter0425p1mdw1.13037.57168B4A1D.0",
        "anymail_id": own_id(mail),
        "smtp-id": "<x@ismtpd-1>",
        **row_of(mail, knows_row),
    }
    if happening in ("soft", "hard"):
        kind = "blocked" if happening == "soft" else "bounce"
        one |= {"type": kind, "status": "5.1.1", "reason": f"550 5.1.1 <{mail.address}> unknown"}
    return as_json("sendgrid/tracking/", [one])


def postmark(mail, happening, knows_row=True):
    shared = {
        "ServerID": 23,
        "MessageID": own_id(mail),
        "MessageStream": "outbound",
        "Tag": "",
        "Metadata": row_of(mail, knows_row),
    }
    at, minute = iso(happening), HAPPENINGS.index(happening)
    kinds = {
        "accepted": {"RecordType": "Bounce", "Type": "Transient", "BouncedAt": at, "Email": mail.address},
        "opened": {"RecordType": "Open", "FirstOpen": True, "ReceivedAt": at, "Recipient": mail.address},
        "delivered": {"RecordType": "Delivery", "DeliveredAt": at, "Recipient": mail.address, "Details": "250 OK"},
        "soft": {"RecordType": "Bounce", "Type": "SoftBounce", "BouncedAt": at, "Email": mail.address},
        "hard": {"RecordType": "Bounce", "Type": "HardBounce", "BouncedAt": at, "Email": mail.address},
        "complained": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "BouncedAt": at, "Email": mail.address},
    }
    named = {} if kinds[happening]["RecordType"] in ("Delivery", "Open") else {"ID": 900_000 + 10 * mail.pk + minute}
    return as_json("postmark/tracking/", shared | kinds[happening] | named)


def amazon_ses(mail, happening, knows_row=True):
    headers = [{"name": "To", "value": mail.address}]
    if knows_row:
        headers.append({"name": "X-Metadata", "value": json.dumps(row_of(mail, knows_row))})
    about = {"messageId": own_id(mail), "destination": [mail.address], "headers": headers, "timestamp": iso(happening)}
    bounced = {"emailAddress": mail.address, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550"}
    soft, hard = ("Transient", "MailboxFull"), ("Permanent", "General")
    kinds = {
        "accepted": ("Send", "send", {}),
        "opened": ("Open", "open", {"userAgent": "Mozilla/5.0", "ipAddress": "192.0.2.1"}),
        "delivered": ("Delivery", "delivery", {"recipients": [mail.address], "smtpResponse": "250 ok"}),
        "complained": ("Complaint", "complaint", {"complainedRecipients": [{"emailAddress": mail.address}]}),
        **{
            name: ("Bounce", "bounce", {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [bounced]})
            for name, (kind, sub) in (("soft", soft), ("hard", hard))
        },
    }
    kind, key, said = kinds[happening]
    name = f"sns-{happening}-{mail.pk}"
    message = {
        "Type": "Notification",
        "MessageId": name,
        "TopicArn": "arn:aws:sns:ca-central-1:1234567890:SES_Events",
        "Message": json.dumps({"eventType": kind, "mail": about, key: said}) + "\n",
        "Timestamp": iso(happening),
        "SignatureVersion": "1",
    }
    named = {"HTTP_X_AMZ_SNS_MESSAGE_TYPE": "Notification", "HTTP_X_AMZ_SNS_MESSAGE_ID": name}
    return as_json("amazon_ses/tracking/", message, **named)


def brevo(mail, happening, knows_row=True):
    event = {
        "accepted": "request",
        "opened": "unique_opened",
        "delivered": "delivered",
        "soft": "soft_bounce",
        "hard": "hard_bounce",
        "complained": "spam",
    }
    data = {
        "event": event[happening],
        "email": mail.address,
        "id": 26224,
        "date": "2026-11-18 08:00:00",
        "ts_epoch": AT[happening] * 1000,
        "message-id": f"<{own_id(mail)}@smtp-relay.mailin.fr>",
    }
    data |= {"X-Mailin-custom": json.dumps(row_of(mail, knows_row))} if knows_row else {}
    data |= {"reason": f" RecipientError: 550 5.5.0 {mail.address}"} if happening in ("soft", "hard") else {}
    return as_json("brevo/tracking/", data)


def mailjet(mail, happening, knows_row=True):
    """A mail that it has is not told of; what it tells first is that it was refused for now."""
    event = {"opened": "open", "delivered": "sent", "soft": "bounce", "hard": "bounce", "complained": "spam"}
    one = {
        "event": event.get(happening, "bounce"),
        "time": AT[happening],
        "MessageID": int(mail.token.hex[:13], 16),
        "email": mail.address,
        "mj_campaign_id": 0,
        "customcampaign": "",
        "Payload": json.dumps(row_of(mail, knows_row)) if knows_row else "",
    }
    if happening in ("accepted", "soft", "hard"):
        errors = {"accepted": "greylisted", "soft": "quota exceeded", "hard": "user unknown"}
        one |= {"blocked": False, "hard_bounce": happening == "hard", "error_related_to": "recipient"}
        one |= {"error": errors[happening]}
    return as_json("mailjet/tracking/", [one])


def sparkpost(mail, happening, knows_row=True):
    kinds = {
        "accepted": ("message_event", {"type": "injection"}),
        "opened": ("track_event", {"type": "open"}),
        "delivered": ("message_event", {"type": "delivery"}),
        "soft": ("message_event", {"type": "bounce", "bounce_class": "22", "raw_reason": "452 mailbox full"}),
        "hard": ("message_event", {"type": "out_of_band", "bounce_class": "10", "raw_reason": "550 5.1.1 unknown"}),
        "complained": ("message_event", {"type": "spam_complaint", "fbtype": "abuse"}),
    }
    family, said = kinds[happening]
    event = {
        "event_id": f"{happening}{mail.pk}",
        "timestamp": str(AT[happening]),
        "transmission_id": own_id(mail),
        "message_id": "000443ee14578172be22",
        "rcpt_to": mail.address,
        "raw_rcpt_to": mail.address,
        "rcpt_meta": row_of(mail, knows_row),
    }
    return as_json("sparkpost/tracking/", [{"msys": {family: event | said}}, {"msys": {}}])


def resend(mail, happening, knows_row=True):
    kinds = {
        "accepted": ("email.sent", {}),
        "opened": ("email.opened", {}),
        "delivered": ("email.delivered", {}),
        "complained": ("email.complained", {}),
        "soft": ("email.bounced", {"bounce": {"type": "Transient", "subType": "General", "message": "Mailbox full."}}),
        "hard": (
            "email.bounced",
            {"bounce": {"message": "The recipient's email provider sent a hard bounce message, no reason given."}},
        ),
    }
    kind, said = kinds[happening]
    data = {"email_id": own_id(mail), "from": "x <x@x.example>", "to": [f"Quelqu’un <{mail.address}>"], **said}
    if knows_row:
        data["headers"] = [{"name": "X-Metadata", "value": json.dumps(row_of(mail, knows_row))}]
    body = {"type": kind, "created_at": iso(happening), "data": data}
    return as_json("resend/tracking/", body, HTTP_SVIX_ID=f"msg_{happening}{mail.pk}")


def mandrill(mail, happening, knows_row=True):
    event = {
        "accepted": "send",
        "opened": "open",
        "delivered": "delivered",
        "soft": "soft_bounce",
        "hard": "hard_bounce",
        "complained": "spam",
    }
    message = {"ts": AT["accepted"], "email": mail.address, "sender": "x@x.example", "_id": own_id(mail)}
    message |= {"metadata": row_of(mail, knows_row)} if knows_row else {}
    message |= {"diag": "smtp;550 5.1.1 unknown"} if happening in ("soft", "hard") else {}
    one = {"event": event[happening], "msg": message, "_id": own_id(mail), "ts": AT[happening]}
    return signed_for_mandrill(json.dumps([one]), MANDRILL_KEY)


def signed_for_mandrill(events, key):
    url = f"http://{SECRET}@testserver/anymail/mandrill/"
    signed = f"{url}mandrill_events{events}".encode()
    signature = base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha1).digest()).decode()
    return "mandrill/", {"data": {"mandrill_events": events}, "HTTP_X_MANDRILL_SIGNATURE": signature}


PROVIDERS = [mailgun, sendgrid, postmark, brevo, mailjet, sparkpost, resend, mandrill]
if importlib.util.find_spec("boto3"):  # anymail's address for Amazon's events needs its package; nothing else here does
    PROVIDERS.append(amazon_ses)

#: How each gives its own name of a mail at sending.
NAMES = {
    "mailgun": lambda mail: f"<{own_id(mail)}@mg.example>",
    "brevo": lambda mail: f"<{own_id(mail)}@smtp-relay.mailin.fr>",
    "mailjet": lambda mail: str(int(mail.token.hex[:13], 16)),
}

#: It does not tell of deliveries.
SILENT_ON_DELIVERY = {"mandrill"}
