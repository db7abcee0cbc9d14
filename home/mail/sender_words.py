"""What the page of the sending address says of each DNS record."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from home.mail.sender_dns import Finding, Record, Verdict

PURPOSE = {
    Record.SPF: _("says which servers send for your domain"),
    Record.DKIM: _("signs each email, so that it cannot be changed on its way"),
    Record.DMARC: _("says what to do with an email that neither vouches for"),
}

VERDICT = {
    Verdict.GOOD: _("In place"),
    Verdict.MISSING: _("Nothing there yet"),
    Verdict.SEVERAL: _("More than one: keep a single record, or none counts"),
    Verdict.INCOMPLETE: _("There, but incomplete"),
    Verdict.UNKNOWN: _("The DNS did not answer; try again in a moment"),
}

ASK_PROVIDER = _("Whoever runs this platform, or its email provider, gives you the exact value.")


@dataclass(frozen=True)
class Line:
    """A finding as a person reads it. `add` is the record to add, where it is known."""

    finding: Finding
    purpose: str | Promise
    verdict: str | Promise
    add: str | Promise


def lines_of(findings: list[Finding]) -> list[Line]:
    return [
        Line(one, PURPOSE[one.record], VERDICT[one.verdict], "" if one.verdict == Verdict.GOOD else _add(one))
        for one in findings
    ]


def _add(finding: Finding) -> str | Promise:
    return finding.wanted or ASK_PROVIDER
