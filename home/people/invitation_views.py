"""The page that an invitation's link opens: it asks, and a POST accepts."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from home import links
from home.form_limits import KEYS, limited
from home.models import Cooperative, Invitation, Role, User
from home.people import inviting
from home.people.invitation_forms import AccountForm
from home.people.team import WHAT_THEY_DO
from home.tenancy import current_cooperative


@sensitive_post_parameters("password")
@never_cache
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Someone new gives a name and a password; someone who has an account logs in with it, then accepts."""
    cooperative = current_cooperative()
    if cooperative is None:
        raise Http404
    try:
        found = inviting.read(cooperative, token)
        account = inviting.account_of(found)
        if account is None and not request.user.is_authenticated:
            return _new(request, cooperative, found, token)
        return _known(request, cooperative, found, token)
    except links.LinkRefused:
        return render(request, "home/invitation_over.html", {"cooperative": cooperative}, status=404)


def _new(request: HttpRequest, cooperative: Cooperative, found: Invitation, token: str) -> HttpResponse:
    form = AccountForm(request.POST if request.method == "POST" else None, invitation=found)
    if form.is_valid():
        inviting.accept_as_new(cooperative, token, **form.cleaned_data)
        messages.success(request, _("Your account is ready: log in with your email address and your password."))
        return redirect(settings.LOGIN_URL)
    return _page(request, cooperative, found, form=form)


def _known(request: HttpRequest, cooperative: Cooperative, found: Invitation, token: str) -> HttpResponse:
    user = request.user
    is_theirs = isinstance(user, User) and inviting.is_for(found, user)
    if request.method == "POST" and isinstance(user, User) and is_theirs:
        inviting.accept(cooperative, token, user)
        messages.success(request, _("You are of the team of %(name)s.") % {"name": cooperative.name})
        return redirect("wagtailadmin_home")
    log_in = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.path})}"
    return _page(request, cooperative, found, is_theirs=is_theirs, log_in=log_in)


def _page(request: HttpRequest, cooperative: Cooperative, found: Invitation, **context: object) -> HttpResponse:
    about = {
        "cooperative": cooperative,
        "invitation": found,
        "inviter": found.invited_by or cooperative.name,
        "what_they_do": WHAT_THEY_DO[Role(found.role)],
    }
    return render(request, "home/invitation.html", about | context)
