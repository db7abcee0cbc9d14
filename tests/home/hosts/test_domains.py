"""A domain of one's own: proved by the DNS, then the only address; those of before lead on, and are nobody else's."""

import html
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.models import Site

from home.hosts import domains
from home.hosts.dns import leads_to
from home.hosts.domains import DomainRefused
from home.mail import composing, unsubscribing
from home.mail.sender_dns import Verdict
from home.models import AuditEntry, Cooperative, FormerHost, NewsConsent, Role
from home.tenancy import within
from pledges.links import contribution_url
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.home.dns_far_end import dns_running
from tests.leading import led_to
from tests.samples import make_mail

NAME, BEFORE = "www.meule.example", "meule.localhost"
OURS = ["192.0.2.10", "2001:db8::10"]


@pytest.fixture
def server(settings):
    with dns_running() as running:
        settings.DNS_SERVERS = [running.address]
        settings.HOST_ADDRESSES = OURS
        yield running


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        (["127.0.0.1"], ((), Verdict.MISSING)),
        (["169.254.169.254", "10.1.2.3", "fd00:ec2::254"], ((), Verdict.MISSING)),
        (["::ffff:10.1.2.3", "198.51.100.7"], (("198.51.100.7",), Verdict.INCOMPLETE)),
        ([*OURS, "192.168.1.1"], (tuple(OURS), Verdict.INCOMPLETE)),
        (OURS, (tuple(OURS), Verdict.GOOD)),
    ],
)
def test_addresses_within_are_not_told_to_who_typed_a_name(server, inner, told):
    server.addresses["inside.example"] = inner
    assert leads_to("inside.example", "unused.example", OURS) == told


def log_in(cooperative, role=Role.OWNER, **fields):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(make_user(cooperative, role, **fields))
    return client


def in_place(server, cooperative, name=NAME):
    server.addresses[name] = OURS
    server.texts[f"_tremplin.{name}"] = ["v=other", domains.proof(cooperative, name)]


def move(cooperative, name=NAME):
    """As if the DNS had been asked."""
    Cooperative.objects.filter(pk=cooperative.pk).update(wanted_hostname=name.replace(".example", ".localhost"))
    cooperative.refresh_from_db()
    with within(cooperative):
        domains.switch(cooperative, by=make_user(cooperative, Role.OWNER, email=f"{name}@meule.example"))


def verdicts(page):
    table = page.partition('id="dns"')[2].partition("</table>")[0]
    return re.findall(r"<strong>([^<]+)</strong>", table)


def test_from_the_wish_to_the_new_address(cooperative, server):
    owner, page = log_in(cooperative), reverse("domain")
    assert owner.post(page, {"hostname": " HTTPS://WWW.Meule.example/ "}).headers["Location"] == page
    shown = owner.get(page).content.decode()
    proof = domains.proof(cooperative, NAME)
    for asked in (NAME, f"_tremplin.{NAME}", proof, *OURS, "tremplin.localhost"):
        assert f"<code>{asked}</code>" in shown
    assert "Move the site" not in shown
    assert server.asked == []
    assert verdicts(owner.post(page, {"act": "dns"}).content.decode()) == ["Not there yet", "Not there yet"]
    server.addresses[NAME], server.texts[f"_tremplin.{NAME}"] = [OURS[0], "203.0.113.5"], ["tremplin=someone-else"]
    assert verdicts(owner.post(page, {"act": "dns"}).content.decode()) == ["Says something else"] * 2
    assert owner.post(page, {"act": "switch"}).status_code == 200
    assert Site.objects.get(pk=cooperative.site_id).hostname == BEFORE
    in_place(server, cooperative)
    checked = owner.post(page, {"act": "dns"}).content.decode()
    assert verdicts(checked) == ["In place", "In place"]
    assert f"Move the site to {NAME}" in checked
    assert led_to(owner.post(page, {"act": "switch"})) == f"http://{NAME}{page}"
    assert Site.objects.get(pk=cooperative.site_id).hostname == NAME
    with within(cooperative):
        assert list(FormerHost.objects.values_list("hostname", flat=True)) == [BEFORE]
        (entry,) = AuditEntry.objects.filter(act="domain_changed")
    assert entry.facts == {"before": BEFORE, "after": NAME}
    assert owner.get(page).headers["Location"] == f"http://{NAME}{page}"
    assert owner.post(page, {"act": "switch"}).status_code == 301
    server.silent = {NAME, f"_tremplin.{NAME}"}


def test_no_answer_is_no_proof(cooperative, server):
    domains.ask(cooperative, NAME)
    server.silent = {f"_tremplin.{NAME}"}
    server.addresses[NAME] = OURS
    assert [line.verdict for line in domains.check(cooperative)] == ["good", "unknown"]
    with within(cooperative), pytest.raises(DomainRefused):
        domains.switch(cooperative, by=make_user(cooperative, Role.OWNER))


def test_the_proof_of_another_cooperative_is_none(cooperative, outsider, server):
    """Both ask for the same name: it is whose proof stands in its DNS."""
    in_place(server, cooperative)
    for one in (outsider, cooperative):
        domains.ask(one, NAME)
    with within(outsider), pytest.raises(DomainRefused):
        domains.switch(outsider, by=make_user(outsider, Role.OWNER))
    with within(cooperative):
        domains.switch(cooperative, by=make_user(cooperative, Role.OWNER))
    server.texts[f"_tremplin.{NAME}"].append(domains.proof(outsider, NAME))
    with within(outsider), pytest.raises(DomainRefused):
        domains.switch(outsider, by=make_user(outsider, Role.ADVISER))


def test_what_cannot_be_had_is_said_at_the_field(cooperative, outsider, settings):
    settings.HOST_TARGET, settings.WAGTAILADMIN_BASE_URL = "sites.tremplin.example", "https://admin.tremplin.example"
    move(outsider, "phare.example")
    owner, page = log_in(cooperative), reverse("domain")
    taken, own = "This name is already in use on the platform.", "This is already the address of your site."
    nonsense = "Write a name like www.your-cooperative.coop, without a port or a path."
    expected = {
        "phare.localhost": taken,
        "LARGE.localhost.": nonsense,
        "large.localhost": taken,
        "tremplin.localhost": taken,
        "sites.tremplin.example": taken,
        "admin.tremplin.example": taken,
        "tremplin.example": taken,
        "Meule.localhost": own,
        "": "This field is required.",
        "meule": nonsense,
        "192.0.2.10": nonsense,
        "[2001:db8::1]": nonsense,
        "www.meule.example:8000": nonsense,
        "www.meule.example/fr": nonsense,
        "*.meule.example": nonsense,
        "-x.meule.example": nonsense,
        "a b.example": nonsense,
        "x..example": nonsense,
        f"{'a' * 64}.example": nonsense,
    }
    said = {}
    for typed in expected:
        answer = owner.post(page, {"hostname": typed})
        said[typed] = html.unescape(" ".join(answer.context["form"].errors["hostname"]))
        assert f'value="{typed}"' in answer.content.decode() or not typed
    assert said == expected
    assert Cooperative.objects.get(pk=cooperative.pk).wanted_hostname == ""
    assert owner.post(page, {"hostname": "épicerie.example"}).status_code == 302
    assert Cooperative.objects.get(pk=cooperative.pk).wanted_hostname == "xn--picerie-9xa.example"
    owner.post(page, {"act": "forget"})
    assert Cooperative.objects.get(pk=cooperative.pk).wanted_hostname == ""


def test_the_address_of_before_leads_to_the_same_at_the_new_one(cooperative, outsider):
    campaign = make_campaign(cooperative)
    pledge = make_pledge(campaign)
    with within(cooperative):
        old = contribution_url(pledge, "fr").removeprefix(f"http://{BEFORE}")
    move(cooperative)
    at_old, at_new = Client(HTTP_HOST=BEFORE.upper()), Client(HTTP_HOST="www.meule.localhost")
    for path in ("/", "/fr/remettre-la-meule-en-marche/?via=abc", old, "/sitemap.xml", "/admin/", "/fr/nulle-part/"):
        answer = at_old.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (301, f"http://www.meule.localhost{path}")
    assert at_old.post("/fr/", {"x": 1}).status_code == 301
    assert at_new.get(old).status_code == 200
    path = "/fr/remettre-la-meule-en-marche/"
    page = at_new.get(path).content.decode()
    for address in (
        f'<link rel="canonical" href="http://www.meule.localhost{path}">',
        f'<link rel="alternate" hreflang="fr-CA" href="http://www.meule.localhost{path}">',
        '<link rel="alternate" hreflang="en-CA" href="http://www.meule.localhost/en/',
        f'<meta property="og:url" content="http://www.meule.localhost{path}">',
    ):
        assert address in page
    feeds = [one for one in re.findall(r'<link rel="alternate"[^>]*href="([^"]+)"', page) if "hreflang" not in one]
    feeds = [one.removeprefix("http://www.meule.localhost") for one in feeds if "/fr/campagnes/" in one]
    assert len(feeds) == 2
    with within(cooperative):
        campaign.refresh_from_db()
        mail = composing.compose(make_mail("pledge_confirmed", make_campaign(cooperative, slug="autre"), "en"))
    texts = [page, at_new.get("/sitemap.xml").content.decode(), at_new.get("/robots.txt").content.decode()]
    texts += [mail.body, mail.alternatives[0].content]
    texts += [at_new.get(one).content.decode() for one in feeds]
    assert [text for text in texts if f"//{BEFORE}" in text] == []
    assert Client(HTTP_HOST=outsider.site.hostname).get("/fr/").status_code == 200


def test_one_click_at_the_address_of_before_still_unsubscribes(cooperative):
    """A mail program follows no redirect."""
    campaign = make_campaign(cooperative)
    with within(cooperative):
        news = make_mail("update_published", campaign, "fr")
        news.save()
        path = unsubscribing.url_for(news).removeprefix(f"http://{BEFORE}")
    move(cooperative)
    strict = Client(HTTP_HOST=BEFORE, enforce_csrf_checks=True)
    assert strict.get(path).status_code == 301
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    with within(cooperative):
        assert not NewsConsent.objects.filter(backer=news.backer, withdrawn_at=None).exists()


def test_there_and_back(cooperative, outsider):
    move(cooperative)
    with pytest.raises(IntegrityError):
        Site.objects.create(hostname="Meule.localhost", port=80, root_page=outsider.site.root_page)
    move(cooperative, BEFORE)
    with within(cooperative):
        assert list(FormerHost.objects.values_list("hostname", flat=True)) == ["www.meule.localhost"]
    assert Client(HTTP_HOST=BEFORE).get("/fr/").status_code == 200
    answer = Client(HTTP_HOST="www.meule.localhost").get("/fr/")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"http://{BEFORE}/fr/")


def test_who_sees_the_page(cooperative, outsider):
    page = reverse("domain")
    for role in (Role.EDITOR, Role.ADVISER, Role.TREASURER):
        client = log_in(cooperative, role)
        answers = [client.get(page), client.post(page, {"hostname": NAME})]
        assert [answer.headers["Location"] for answer in answers] == [reverse("wagtailadmin_home")] * 2
    operator = Client(HTTP_HOST=cooperative.site.hostname)
    operator.force_login(make_user(email="ops@tremplin.example", is_superuser=True))
    with within(outsider):
        FormerHost.objects.create(cooperative=outsider, hostname="phare.example")
    domains.ask(outsider, "leur.example")
    shown = operator.get(page).content.decode()
    assert ("phare.example" in shown, "leur.example" in shown) == (False, False)
    assert page in operator.get(reverse("wagtailadmin_home")).content.decode()
    assert Cooperative.objects.get(pk=cooperative.pk).wanted_hostname == ""
    with translation.override("en"):
        assert log_in(outsider).get(page, headers={"host": BEFORE}).status_code == 302


def test_a_session_left_open_moves_nothing(cooperative, settings):
    settings.RECENT_LOGIN_WITHIN = timedelta(minutes=15)
    owner, page = log_in(cooperative), reverse("domain")
    Cooperative.objects.filter(pk=cooperative.pk).update(wanted_hostname="www.localhost")
    assert owner.get(page).status_code == 200
    for act in ({"hostname": NAME}, {"act": "switch"}, {"act": "forget"}):
        assert owner.post(page, act)["Location"].startswith("/admin/confirm/?next=")
    cooperative.refresh_from_db()
    assert cooperative.wanted_hostname == "www.localhost"
    assert Site.objects.get(pk=cooperative.site_id).hostname == BEFORE
