"""The page of a cooperative's own domain, for its direction and the platform's operators."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.hosts import domains
from home.hosts.domains import DomainRefused, Line
from home.leading_on import lead_away
from home.log_in.recent_login import recent_login
from home.mail import sender_dns
from home.mail.sender_dns import Verdict
from home.models import Cooperative, FormerHost, Role

ICON = "site"
ROLES = (Role.OWNER,)


class HostForm(forms.Form):
    """A name alone, as people write it: with capitals, accents, a scheme or a final slash."""

    hostname = forms.CharField(
        label=gettext_lazy("Name you would like"),
        max_length=253,
        help_text=gettext_lazy("For example www.your-cooperative.coop. You must own it."),
        widget=forms.TextInput({"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, cooperative: Cooperative, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cooperative = cooperative

    def clean_hostname(self) -> str:
        typed = self.cleaned_data["hostname"].strip().lower()
        bare = typed.removeprefix("https://").removeprefix("http://").removesuffix("/")
        if self.cooperative.site.hostname.endswith(".localhost") and bare.endswith(".localhost"):
            hostname = bare if set(bare) <= NAME and ".." not in bare else ""
        else:
            hostname = sender_dns.domain_of(f"@{bare}")
        if not hostname or not set(hostname) <= NAME or any(part[:1] in "-" for part in hostname.split(".")):
            raise ValidationError(_("Write a name like www.your-cooperative.coop, without a port or a path."))
        if hostname == self.cooperative.site.hostname.lower():
            raise ValidationError(_("This is already the address of your site."))
        if domains.is_taken(hostname, self.cooperative):
            raise ValidationError(_("This name is already in use on the platform."))
        return hostname


#: Of what a name is made once it is written as the DNS has it.
NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES, operators=True)
@recent_login(only_posts=True)
def domain(request: AdminRequest) -> HttpResponse:
    """GET says where it stands; POST asks for a name, forgets it (`forget`), asks the DNS (`dns`) or switches."""
    cooperative, act = request.cooperative, request.POST.get("act", "") if request.method == "POST" else None
    if act is None:
        return _page(request, HostForm(cooperative))
    if act == "forget":
        domains.ask(cooperative, "")
        return redirect("domain")
    if act in {"dns", "switch"} and not cooperative.wanted_hostname:
        return redirect("domain")
    if act == "dns":
        return _page(request, HostForm(cooperative), domains.check(cooperative))
    if act == "switch":
        return _switch(request)
    form = HostForm(cooperative, request.POST)
    if not form.is_valid():
        return _page(request, form)
    domains.ask(cooperative, form.cleaned_data["hostname"])
    return redirect("domain")


def _switch(request: AdminRequest) -> HttpResponse:
    try:
        domains.switch(request.cooperative, by=request.user)
    except DomainRefused:
        messages.error(request, _("Nothing has changed: the DNS does not say yet what it should."))
        return _page(request, HostForm(request.cooperative), domains.check(request.cooperative))
    return lead_away(request, request.cooperative.root_url + reverse("domain"))


def _page(request: AdminRequest, form: HostForm, found: list[Line] | None = None) -> HttpResponse:
    cooperative = request.cooperative
    context = {
        "cooperative": cooperative,
        "form": form,
        "wanted": domains.wanted(cooperative) if cooperative.wanted_hostname else [],
        "found": [{"line": line, "verdict": _in_words(line.verdict)} for line in found or []],
        "asked": found is not None,
        "is_proved": found is not None and domains.is_proved(found),
        "is_local": domains.is_local(cooperative),
        "former": FormerHost.objects.all(),
    }
    return TemplateResponse(request, "home/admin/domain.html", furniture(_("Domain"), ICON) | context)


def _in_words(verdict: Verdict | None) -> str:
    words = {
        Verdict.GOOD: pgettext("DNS", "In place"),
        Verdict.MISSING: pgettext("DNS", "Not there yet"),
        Verdict.INCOMPLETE: pgettext("DNS", "Says something else"),
        Verdict.UNKNOWN: pgettext("DNS", "No answer; ask again later"),
    }
    return words[verdict] if verdict else ""
