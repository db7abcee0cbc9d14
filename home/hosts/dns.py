"""Where a host name leads, and what it says of itself: asked of the DNS on someone's click, for a few seconds at most.

Nothing that an answer holds is connected to.
"""

from collections.abc import Sequence

import dns.exception
import dns.resolver

from home.inner_addresses import is_inner
from home.mail.sender_dns import PATIENCE, Unanswered, Verdict, resolver, texts

Answer = tuple[tuple[str, ...], Verdict]


def leads_to(hostname: str, target: str, expected: Sequence[str]) -> Answer:
    """The addresses of a name, and whether all of them are ours: those expected, else those of the target.

    Others that lie within are not told (home.inner_addresses): the name is written by who reads the answer.
    """
    try:
        found = _addresses(hostname)
        ours = set(expected) or set(_addresses(target))
    except Unanswered:
        return (), Verdict.UNKNOWN
    told = tuple(one for one in found if one in ours or not is_inner(one))
    if not told:
        return (), Verdict.MISSING
    return told, Verdict.GOOD if set(found) <= ours else Verdict.INCOMPLETE


def says(name: str, wanted: str) -> Answer:
    try:
        found = tuple(texts(name))
    except Unanswered:
        return (), Verdict.UNKNOWN
    if wanted in found:
        return found, Verdict.GOOD
    return found, Verdict.INCOMPLETE if found else Verdict.MISSING


def _addresses(name: str) -> tuple[str, ...]:
    """Of both kinds, through whatever names lead there. Raises Unanswered."""
    found: list[str] = []
    for kind in ("A", "AAAA"):
        try:
            answer = resolver().resolve(name, kind, lifetime=PATIENCE, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered from error
        found += [row.address for row in answer]
    return tuple(sorted(found))
