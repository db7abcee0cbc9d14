"""A cooperative's own domain: asked for, proved by the DNS, then its address; the one before leads on to it.

Asking stores the name and no more. Switching asks the DNS again, outside any transaction, and then changes site, former
hosts and audit log in one.
"""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction
from django.http.request import split_domain_port
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from wagtail.models import Site

from home import audit
from home.hosts import dns as host_dns
from home.mail.sender_dns import Verdict
from home.models import Cooperative, FormerHost, User

#: Where the name says that it is meant for this cooperative: whoever else asks for it proves nothing.
PROOF_LABEL: Final = "_tremplin"

CHANGED = audit.act("domain_changed", _("Address of the site changed"))


class DomainRefused(Exception):
    """The name cannot be this cooperative's, or is not proved to be."""


@dataclass(frozen=True)
class Line:
    """One thing that the DNS should say; `found` what it says, once asked."""

    kind: str
    name: str
    wanted: tuple[str, ...]
    found: tuple[str, ...] = ()
    verdict: Verdict | None = None


def is_taken(hostname: str, cooperative: Cooperative | None = None) -> bool:
    """By the platform, by a site, or by what was another cooperative's; its own former host is free for it."""
    if _is_the_platforms(hostname):
        return True
    if Site.objects.filter(hostname__iexact=hostname).exists():
        return True
    former = Cooperative.objects.filter(former_hosts__hostname=hostname)
    return any(one != cooperative for one in former)


def _is_the_platforms(hostname: str) -> bool:
    admin = split_domain_port(settings.WAGTAILADMIN_BASE_URL.partition("://")[2].partition("/")[0])[0]
    return hostname in {settings.PLATFORM_HOST.lower(), settings.HOST_TARGET.lower(), settings.MAIL_DOMAIN, admin}


def ask(cooperative: Cooperative, hostname: str) -> None:
    Cooperative.objects.filter(pk=cooperative.pk).update(wanted_hostname=hostname)
    cooperative.wanted_hostname = hostname


def proof(cooperative: Cooperative, hostname: str) -> str:
    """What the TXT record of this cooperative's name says; always the same."""
    digest = salted_hmac("tremplin.domain", f"{cooperative.pk}:{hostname}", algorithm="sha256").hexdigest()
    return f"tremplin={digest[:32]}"


def target(cooperative: Cooperative) -> str:
    """The name that an own name points to."""
    return settings.HOST_TARGET or settings.PLATFORM_HOST or cooperative.site.hostname


def is_local(cooperative: Cooperative) -> bool:
    """Names of one machine need no DNS: the demo's."""
    return all(name.endswith(".localhost") for name in (cooperative.wanted_hostname, cooperative.site.hostname))


def wanted(cooperative: Cooperative) -> list[Line]:
    """What whoever keeps the domain has to write there. Asks nobody."""
    hostname = cooperative.wanted_hostname
    lines = [Line("CNAME", hostname, (target(cooperative),))]
    if settings.HOST_ADDRESSES:
        lines = [*lines, Line("A / AAAA", hostname, tuple(settings.HOST_ADDRESSES))]
    return [*lines, Line("TXT", f"{PROOF_LABEL}.{hostname}", (proof(cooperative, hostname),))]


def check(cooperative: Cooperative) -> list[Line]:
    """What the DNS says: where the name leads, and whom it is meant for. Takes a few seconds at most."""
    hostname, wanted_proof = cooperative.wanted_hostname, proof(cooperative, cooperative.wanted_hostname)
    if is_local(cooperative):
        return [Line("A / AAAA", hostname, (), ("127.0.0.1",), Verdict.GOOD)]
    found, verdict = host_dns.leads_to(hostname, target(cooperative), settings.HOST_ADDRESSES)
    texts, proved = host_dns.says(f"{PROOF_LABEL}.{hostname}", wanted_proof)
    return [
        Line("A / AAAA", hostname, tuple(settings.HOST_ADDRESSES) or (target(cooperative),), found, verdict),
        Line("TXT", f"{PROOF_LABEL}.{hostname}", (wanted_proof,), texts, proved),
    ]


def is_proved(lines: list[Line]) -> bool:
    return all(line.verdict == Verdict.GOOD for line in lines)


def switch(cooperative: Cooperative, *, by: User) -> None:
    """From now on the cooperative is at the name it asked for. Raises DomainRefused, and has then changed nothing."""
    hostname = cooperative.wanted_hostname
    if not hostname or not is_proved(check(cooperative)):
        raise DomainRefused
    with transaction.atomic():
        row = Cooperative.objects.select_for_update().get(pk=cooperative.pk)
        if row.wanted_hostname != hostname or is_taken(hostname, row):
            raise DomainRefused
        site = Site.objects.select_for_update().get(pk=row.site_id)
        before = site.hostname.lower()
        FormerHost.objects.filter(hostname=hostname).delete()
        FormerHost.objects.get_or_create(hostname=before, defaults={"cooperative": row})
        site.hostname = hostname
        site.save()
        Cooperative.objects.filter(pk=row.pk).update(wanted_hostname="")
        # Wagtail forgets on saving, and another process may remember the old address before the commit.
        transaction.on_commit(Site.clear_site_root_paths_cache)
        audit.record(CHANGED, cooperative=row, by=by, subject=row, before=before, after=hostname)
    cooperative.wanted_hostname, cooperative.site = "", site
