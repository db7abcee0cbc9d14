"""What the DNS of the sending address's domain says about who may send for it: SPF, DKIM, DMARC.

Only TXT records are asked for, of the servers that the machine (or DNS_SERVERS) names: nothing that an answer holds is
connected to. Asked on someone's click alone, and never for longer than a few seconds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.resolver
from django.conf import settings

#: Seconds for one question, all servers and repetitions together.
PATIENCE = 2.0

#: Domains of a machine or of a local network, of which no server outside is asked.
LOCAL = ("localhost", "local", "internal", "lan", "home.arpa")


class Verdict(StrEnum):
    """What is found, against what should be there."""

    GOOD = "good"
    MISSING = "missing"
    SEVERAL = "several"  # more than one record of a kind counts as none
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"  # no answer came


class Record(StrEnum):
    SPF = "SPF"
    DKIM = "DKIM"
    DMARC = "DMARC"


@dataclass(frozen=True)
class Finding:
    """One record: where it stands, what should stand there, what does. `wanted` is empty where the provider knows."""

    record: Record
    name: str
    wanted: str
    found: tuple[str, ...]
    verdict: Verdict


Judge = Callable[[list[str]], Verdict]


class Unanswered(Exception):
    """No server answered in time, or the answer was a fault."""


def domain_of(address: str) -> str:
    """The domain, as DNS knows it; empty for one that no server outside is asked about."""
    try:
        domain = address.rpartition("@")[2].strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return ""
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or domain.endswith(LOCAL) or domain.startswith("["):
        return ""
    return domain


def check(address: str, contact: str) -> list[Finding]:
    """SPF, DKIM for each selector of the provider's, DMARC; empty for a domain that is not asked about."""
    domain = domain_of(address)
    if not domain:
        return []
    return [_spf(domain), *_dkim(domain), _dmarc(domain, contact)]


def _spf(domain: str) -> Finding:
    include = f"include:{settings.SPF_INCLUDE}" if settings.SPF_INCLUDE else ""
    wanted = f"v=spf1 {include} ~all" if include else ""

    def judge(found: list[str]) -> Verdict:
        return Verdict.INCOMPLETE if include and include not in found[0].lower().split() else Verdict.GOOD

    return _finding(Record.SPF, domain, wanted, "v=spf1", judge)


def _dkim(domain: str) -> Iterable[Finding]:
    def judge(found: list[str]) -> Verdict:
        """A key that is empty was taken back."""
        tags = [tag.partition("=") for tag in found[0].split(";")]
        has_key = any(name.strip() == "p" and value.strip() for name, _is, value in tags)
        return Verdict.GOOD if has_key else Verdict.INCOMPLETE

    for selector in settings.DKIM_SELECTORS:
        yield _finding(Record.DKIM, f"{selector}._domainkey.{domain}", "", "", judge)


def _dmarc(domain: str, contact: str) -> Finding:
    """That of the domain itself, else of the nearest one above it."""
    wanted = f"v=DMARC1; p=none; rua=mailto:{contact}"
    labels = domain.split(".")
    above = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    findings = (_finding(Record.DMARC, f"_dmarc.{one}", wanted, "v=dmarc1", _judge_policy) for one in above)
    first = next(findings)
    if first.verdict != Verdict.MISSING:
        return first
    return next((one for one in findings if one.verdict != Verdict.MISSING), first)


def _judge_policy(found: list[str]) -> Verdict:
    tags = {tag.replace(" ", "").lower() for tag in found[0].split(";")}
    return Verdict.GOOD if tags & {"p=none", "p=quarantine", "p=reject"} else Verdict.INCOMPLETE


def _finding(record: Record, name: str, wanted: str, begins: str, judge: Judge) -> Finding:
    try:
        found = [text for text in texts(name) if text.lower().startswith(begins)]
    except Unanswered:
        return Finding(record, name, wanted, (), Verdict.UNKNOWN)
    if not found:
        verdict = Verdict.MISSING
    elif len(found) > 1:
        verdict = Verdict.SEVERAL
    else:
        verdict = judge(found)
    return Finding(record, name, wanted, tuple(found), verdict)


def texts(name: str) -> list[str]:
    """The TXT records there. Raises Unanswered."""
    try:
        answer = resolver().resolve(name, "TXT", lifetime=PATIENCE, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise Unanswered from error
    return [b"".join(row.strings).decode(errors="replace")[:500] for row in answer]


def resolver() -> dns.resolver.Resolver:
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    for server in settings.DNS_SERVERS:
        host, _, port = server.partition(":")
        resolver.nameservers = [*resolver.nameservers, host]
        resolver.nameserver_ports = {**resolver.nameserver_ports, host: int(port or 53)}
    return resolver
