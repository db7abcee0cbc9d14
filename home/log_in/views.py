"""Logging in and the second factor, on django-allauth's views: in the admin's look, and its reader's language."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

from allauth.account.views import LoginView, logout
from allauth.account.views import reauthenticate as password_again
from allauth.mfa.base.views import IndexView, authenticate
from allauth.mfa.base.views import reauthenticate as code_again
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth import logout as log_out_now
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from wagtail.admin.auth import require_admin_access

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.log_in import second_factor
from home.log_in import watch as log_in_watch
from home.log_in.recent_login import recent_login
from home.models import Role, User

ICON = "lock"
View = Callable[..., HttpResponseBase]


def of_the_team(view: View) -> View:
    """For people of the admin, in their language; what a POST changes is written at once, with its entries."""

    @wraps(view)
    def written(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return view(request, *args, **kwargs)

    return never_cache(require_admin_access(written))


class LogIn(LoginView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who is at home already goes on; who is logged in and has no admin may log in as someone else."""
        if request.user.is_authenticated:
            if request.user.has_perm("wagtailadmin.access_admin"):
                return HttpResponseRedirect(self.get_authenticated_redirect_url())
            if request.method == "POST":
                log_out_now(request)
        return super().dispatch(request, *args, **kwargs)


class PasskeyAgain(ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        """Back to where one tries again; django-allauth's leads away."""
        for words in form.errors.get("credential", []):
            messages.error(self.request, words)
        return redirect(self.passthrough_next_url(reverse("mfa_reauthenticate_webauthn")))


class Furnished:
    """A page of the second factor, below the one that lists all of it."""

    title: Any = gettext_lazy("Two-step log-in")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        above = [] if isinstance(self, Index) else [(reverse("mfa_index"), _("Two-step log-in"))]
        return found | furniture(str(self.title), ICON, above=above)


class Index(Furnished, IndexView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        found = super().get_context_data(**kwargs)
        having: dict[str, Any] = found["authenticators"]
        missing = second_factor.is_required(self.request, user) and not second_factor.has_one(user)
        codes = having.get("recovery_codes")
        return found | {
            "totp": having.get("totp"),
            "passkeys": having.get("webauthn", []),
            "has_codes": codes is not None,
            "codes_left": len(codes.get_unused_codes()) if codes else 0,
            "missing": missing,
            "host": self.request.get_host().partition(":")[0],
            "cooperative": getattr(self.request, "cooperative", None),
        }


class ActivateApplication(Furnished, ActivateTOTPView):
    title = gettext_lazy("Add an application of codes")


class RemoveApplication(Furnished, DeactivateTOTPView):
    title = gettext_lazy("Remove the application of codes")


class AddPasskey(Furnished, AddWebAuthnView):
    title = gettext_lazy("Add a passkey")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"host": self.request.get_host().partition(":")[0]}


class RemovePasskey(Furnished, RemoveWebAuthnView):
    title = gettext_lazy("Remove a passkey")
    success_url = reverse_lazy("mfa_index")


class RenewCodes(Furnished, GenerateRecoveryCodesView):
    title = gettext_lazy("New recovery codes")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        log_in_watch.codes_renewed(self.request)
        return answer


@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Shown from when they are made until one says that one has them; never again."""
    made = request.session.get(log_in_watch.CODES_TO_SHOW)
    if request.method == "POST":
        request.session.pop(log_in_watch.CODES_TO_SHOW, None)
        messages.success(request, _("Your recovery codes are not shown again."))
        return redirect("mfa_index")
    codes = Authenticator.objects.filter(pk=made, user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    if codes is None:
        return redirect("mfa_index")
    context = furniture(_("Recovery codes"), ICON, above=[(reverse("mfa_index"), _("Two-step log-in"))])
    return TemplateResponse(
        request, "mfa/recovery_codes/index.html", context | {"codes": codes.wrap().get_unused_codes()}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.OWNER)
@recent_login
def reset(request: AdminRequest, user_id: int) -> HttpResponse:
    """The direction takes a second factor away that someone of the team lost. GET asks, POST acts."""
    person = get_object_or_404(User.objects.filter(memberships__cooperative=request.cooperative).distinct(), pk=user_id)
    if person == request.user or not second_factor.has_one(person):
        raise Http404
    allowed = second_factor.may_reset(person, request.cooperative)
    if request.method == "POST" and allowed:
        second_factor.reset(person, by=request.user)
        messages.success(request, _("%(name)s sets a new second factor at the next log-in.") % {"name": person})
        return redirect("wagtailadmin_home")
    context = furniture(_("Lost second factor"), ICON) | {"person": person, "allowed": allowed}
    return TemplateResponse(request, "home/admin/second_factor_reset.html", context)


@require_POST
@recent_login(back_to="mfa_index")
def end_other_sessions(request: AdminRequest) -> HttpResponse:
    """Of the person who asks, at every host; the one that asks goes on."""
    person = request.user
    second_factor.end_sessions(person)
    person.refresh_from_db(fields=["sessions_ended"])
    update_session_auth_hash(request, person)
    log_in_watch.sessions_ended(person)
    messages.success(request, _("Every other session of yours was ended: other devices have to log in again."))
    return redirect("mfa_index")


log_in = LogIn.as_view()
log_out = logout
prove = authenticate
prove_password_again = of_the_team(password_again)
prove_code_again = of_the_team(code_again)
prove_passkey_again = of_the_team(PasskeyAgain.as_view())
