"""No address that a person writes is ever connected to: what goes out goes where the operator's settings say.

So there is nothing through which the server could be made to ask its own network. Whoever adds such a request resolves
the name once, refuses what home.inner_addresses knows, connects to the address that was checked, and does the same for
each redirect.
"""

import ast
import socket

import pytest
from django.urls import reverse
from wagtail.embeds.blocks import EmbedBlock
from wagtail.embeds.embeds import get_embed
from wagtail.embeds.exceptions import EmbedUnsupportedProviderException
from wagtail.rich_text import features

from campaigns.blocks import video_embed
from campaigns.models import CampaignPage
from config import ROOT
from home.inner_addresses import is_inner
from home.models import Role, TextPage
from tests.factories.cooperatives import make_user
from updates.models import UpdatePage

#: What opens connections, by the first name that is imported.
REACHING = {
    "aiohttp",
    "boto3",
    "botocore",
    "dns",
    "ftplib",
    "http",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "urllib3",
}

#: Modules of ours that import such a thing, and whose address it is.
KNOWN = {
    "home/doctor/of_machine.py": "the mail server of the settings (Django's get_connection), and the database",
    "home/hosts/dns.py": "asks the DNS servers of the settings; connects to nothing that they answer",
    "home/mail/sender_dns.py": "asks the DNS servers of the settings; connects to nothing that they answer",
    "home/mail/handover.py": "the names of errors alone",
    "home/mail/lanes.py": "the mail server of the settings",
    "home/mail/smtp_talk.py": "the mail server of the settings",
}

INNER = [
    *("127.0.0.1", "127.255.0.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1"),
    *("169.254.169.254", "169.254.170.2", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
    *("2001:0:53aa:64c:0:fffe:f5ff:fffe", "", "localhost", "2130706433", "0x7f.1", "127.1"),
]
OUTER = ["192.0.2.10", "203.0.113.5", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "2606:4700::1111"]


@pytest.mark.parametrize("address", INNER)
def test_addresses_within_are_known_in_every_form(address):
    assert is_inner(address)


@pytest.mark.parametrize("address", [*OUTER, "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_others_are_not(address):
    assert not is_inner(address)


def _reaches(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{one.name}" for one in node.names]
        yield from (
            name
            for name in names
            if name.split(".")[0] in REACHING or name.startswith(("urllib.request", "http.client"))
        )


def test_what_opens_connections_is_known():
    rooms = [
        path for room in ("home", "campaigns", "pledges", "updates", "site") for path in (ROOT / room).rglob("*.py")
    ]
    reaching = {str(path.relative_to(ROOT)) for path in rooms if any(_reaches(path))}
    assert reaching == set(KNOWN)


@pytest.fixture
def no_network(monkeypatch):
    """Whatever opens a connection fails the test."""

    def refuse(*args, **kwargs):
        raise AssertionError(f"asked for {args}")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


ADDRESSES = [
    "http://127.0.0.1:8000/admin/",
    "http://169.254.169.254/latest/meta-data/",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://vimeo.com/76979871",
    "https://www.youtube.com@127.0.0.1/watch?v=dQw4w9WgXcQ",
    "file:///etc/passwd",
]


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("address", ADDRESSES)
def test_wagtail_embeds_nothing_and_asks_nobody(db, address):
    with pytest.raises(EmbedUnsupportedProviderException):
        get_embed(address)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("address", ADDRESSES)
def test_its_form_says_so_to_an_editor(cooperative, on_host, address):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.EDITOR))
    answer = client.post(reverse("wagtailembeds:chooser_upload"), {"embed-chooser-url": address})
    assert answer.status_code == 200
    assert b"<embed" not in answer.content


@pytest.mark.parametrize(
    "address",
    [
        "https://youtube.com.x.example/watch?v=dQw4w9WgXcQ",
        "https://x.example/youtube.com/watch?v=dQw4w9WgXcQ",
        "https://youtube.com@x.example/watch?v=dQw4w9WgXcQ",
        "javascript://youtube.com/%0aalert(1)",
        "https://www.dailymotion.com/video/x8abcd1",
        "//vimeo.com/76979871",
        "https://vimeo.com/../x",
        "https://youtu.be/dQw4w9WgXcQ%22onload=x",
        "http://127.0.0.1/watch?v=dQw4w9WgXcQ",
    ],
)
def test_videos_are_played_from_two_hosts_alone(address):
    assert video_embed(address) == ""


def _blocks(block):
    yield block
    for child in getattr(block, "child_blocks", {}).values():
        yield from _blocks(child)
    if (child := getattr(block, "child_block", None)) is not None:
        yield from _blocks(child)


def test_no_block_and_no_text_embeds_anything_else():
    found = [
        one
        for model in (CampaignPage, UpdatePage, TextPage)
        for field in model._meta.get_fields()
        if hasattr(field, "stream_block")
        for one in _blocks(field.stream_block)
    ]
    assert len(found) > 40
    assert not [one for one in found if isinstance(one, EmbedBlock)]
    assert not [one for one in found if "embed" in (getattr(one, "features", None) or [])]
    texts = [one for one in found if hasattr(one, "features")]
    assert texts and all(one.features is not None for one in texts), "without a list it is Wagtail's own, with embeds"
    assert "embed" in features.get_default_features()  # what a text without a list would take
