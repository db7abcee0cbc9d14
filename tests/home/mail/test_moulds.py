"""Bytes filled into what a group shares say the same as the message that would be built, whatever a field holds."""

import email
import email.policy
import random
import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

import pytest

from home.mail import composing, moulds
from home.mail.composing import Composer, Draft
from home.mail.moulds import Mould, Unfit
from home.mail.registry import Apart, place
from home.models import OutgoingMail
from home.tenancy import within
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, tell
from updates.enums import MissingLanguage
from updates.sending import send_news

pytestmark = pytest.mark.usefixtures("inside")

ODD_NAMES = [
    "Ana & fils",
    "Béa <b>",
    "=?utf-8?q?not_a_word?=",
    "Zoë “Zaza” d’Éon\u00a0!",
    "日本 太郎",
    "👩‍🌾 Rosalie",
    ". starts with a dot",
    "ends with a space ",
    "tab\there",
    "two\nlines\n.and a dot",
    "x" * 1200,
    "é" * 400,
    "=3D=20=",
    "--=_boundary",
    "%recipient.x% {{ y }}",
    "",
]


@pytest.fixture
def news(campaign):
    tell(make_pledge(campaign, backer_name="Ana", email="a@x.example").backer, campaign)
    send_news(make_update(campaign), by=None, missing_language=MissingLanguage.NONE)
    return OutgoingMail.objects.select_related("cooperative__site", "backer", "user").get()


def parsed(data):
    """As the server's side reads it, which takes doubled dots away."""
    return email.message_from_bytes(re.sub(rb"^\.\.", b".", data, flags=re.MULTILINE), policy=email.policy.default)


def told(message):
    """What a reader's program makes of it."""
    headers = {
        name: " ".join(str(value).split())
        for name, value in message.items()
        if name not in {"Date", "Content-Type", "MIME-Version", "Content-Transfer-Encoding"}
    }
    parts = [
        (part.get_content_type(), part.get_content().replace("\r\n", "\n").rstrip("\n")) for part in leaves(message)
    ]
    return headers, message.get_content_type(), parts


def leaves(message):
    return [part for part in message.walk() if not part.is_multipart()]


def built(mail, apart, draft):
    return parsed(moulds.of_message(composing.message_of(mail, apart, draft)).data)


def test_a_real_mail_is_the_same(news):
    composer, apart = Composer(), composing.apart_of(news)
    draft = composer.draft_of(news, apart)
    ready = Mould(news, draft).fill(news, apart)
    assert told(parsed(ready.data)) == told(built(news, apart, draft))
    assert (ready.sender, ready.recipient) == ("La Meule commune <nouvelles@meule.example>", "a@x.example")
    dated = parsedate_to_datetime(parsed(ready.data)["Date"]).replace(tzinfo=UTC)
    assert abs(dated.timestamp() - time.time()) < 100
    assert b"\n" not in ready.data.replace(b"\r\n", b"") and max(map(len, ready.data.split(b"\r\n"))) < 998


def draft_with_fields(chance):
    """Lines of every kind, with and without fields, in a random order."""
    lines = [
        f"Bonjour {place('name')},",
        f".{place('name')}.{place('url')}",
        place("url"),
        f"{place('name')} {place('name')}",
        "Une ligne de tous, à 45\u00a0$.",
        ".",
        "..deux points",
        "trailing ",
        "",
        "é" * 300,
        "From the start",
    ]
    chance.shuffle(lines)
    text = "\n".join(lines)
    html = "<!doctype html>\n<p>" + "</p>\n<p>".join(lines) + "</p>\n"
    subject = chance.choice(["Pour tous", f"À {place('name')}", f"{place('name')}: la pierre"])
    return Draft(subject, text, html)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_field_holds(news, seed):
    chance = random.Random(seed)
    draft = draft_with_fields(chance)
    mould = Mould(news, draft)
    for name in chance.sample(ODD_NAMES, 6):
        fields = {"name": name, "url": f"https://x.example/{chance.randbytes(90).hex()}/?a=1&b=é"}
        apart = Apart(fields=fields | {"unsubscribe_url": "https://x.example/u/1"})
        try:
            ready = mould.fill(news, apart)
        except Unfit:
            assert "\n" in name and place("name") in draft.subject
            continue
        assert told(parsed(ready.data)) == told(built(news, apart, draft)), name


@pytest.mark.parametrize(
    "address", ["z@éclair.example", '"z z"@x.example', "zoé@x.example", "a@x.example\r\nBcc: b@x.example"]
)
def test_an_address_that_is_not_plain_does_not_fit(news, address):
    apart = composing.apart_of(news)
    mould = Mould(news, Composer().draft_of(news, apart))
    news.address = address
    with pytest.raises(Unfit):
        mould.fill(news, apart)


def test_a_rehearsal_fits_no_mould(news, outsider):
    apart = composing.apart_of(news)
    draft = Composer().draft_of(news, apart)
    news.cooperative.rehearses = outsider
    with within(news.cooperative), pytest.raises(TypeError):
        Mould(news, draft)
