"""« Équipe »: who works in the cooperative and as what, who is invited, and what the direction changes of it."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from home import clock
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.log_in import second_factor
from home.log_in.recent_login import recent_login
from home.models import Invitation, Membership, Role, User
from home.people import inviting, team
from home.people.team import WHAT_THEY_DO, Obstacle, TeamRefused
from home.people.team_forms import InviteForm, RolesForm

ICON = "group"
ASKS = ["GET", "HEAD", "POST"]

WORDS = {
    Obstacle.NOT_OWNER: gettext_lazy("You are not of the direction any more."),
    Obstacle.OWN_GAIN: gettext_lazy("Nobody gives themselves a role: ask someone else of the direction."),
    Obstacle.LAST_OWNER: gettext_lazy("A cooperative keeps at least one person in its direction: name another first."),
    Obstacle.NO_ROLE: gettext_lazy("Choose at least one role; to part with someone, remove them from the team."),
    Obstacle.NOT_MEMBER: gettext_lazy("This person is not of the team any more."),
    Obstacle.MEMBER: gettext_lazy("This person is of the team already: change their roles in the list."),
    Obstacle.OVER: gettext_lazy("This invitation was accepted or revoked meanwhile."),
}


@dataclass(frozen=True)
class Part:
    """Everyone of one role."""

    role: Role
    what_they_do: str | Promise
    members: list[Membership]


@dataclass(frozen=True)
class Waiting:
    invitation: Invitation
    is_over: bool


@require_http_methods(ASKS)
@requires(Role.OWNER)
@recent_login(only_posts=True)
def index(request: AdminRequest) -> HttpResponse:
    """The team by role, the invitations that wait, and the form; POST invites."""
    form = InviteForm(request.POST if request.method == "POST" else None, cooperative=request.cooperative)
    if form.is_valid() and _invited(request, form):
        return redirect("team")
    memberships = list(
        request.cooperative.memberships.select_related("user").order_by("user__last_name", "user__first_name", "pk")
    )
    now = clock.now()
    context = {
        "parts": [Part(role, WHAT_THEY_DO[role], [one for one in memberships if one.role == role]) for role in Role],
        "waiting": [Waiting(one, one.expires_at <= now) for one in _waiting(request).select_related("invited_by")],
        "form": form,
        "cooperative": request.cooperative,
    }
    return TemplateResponse(request, "home/admin/team.html", furniture(_("Team"), ICON) | context)


def _waiting(request: AdminRequest) -> QuerySet[Invitation]:
    waiting = Invitation.objects.filter(cooperative=request.cooperative, accepted_at=None, revoked_at=None)
    return waiting.order_by("-expires_at", "-pk")


def _invited(request: AdminRequest, form: InviteForm) -> bool:
    said = form.cleaned_data
    try:
        invitation = inviting.invite(
            request.cooperative, said["email"], Role(said["role"]), request.user, language=said["language"]
        )
    except TeamRefused as refused:
        form.add_error("email", str(WORDS[refused.obstacle]))
        return False
    messages.success(request, _("The invitation leaves for %(email)s.") % {"email": invitation.email})
    return True


@requires(Role.OWNER)
@recent_login(back_to="team")
@require_POST
def invitation(request: AdminRequest, invitation_id: int) -> HttpResponse:
    """Send it again (`again`) or take it back (`revoke`)."""
    found = get_object_or_404(
        Invitation.objects.select_related("cooperative"), cooperative=request.cooperative, pk=invitation_id
    )
    acts = {
        "again": (inviting.again, _("The invitation leaves again, valid for a week.")),
        "revoke": (inviting.revoke, _("The invitation is revoked: its link opens nothing any more.")),
    }
    if chosen := acts.get(request.POST.get("act", "")):
        try:
            chosen[0](found, request.user)
            messages.success(request, chosen[1])
        except TeamRefused as refused:
            messages.error(request, str(WORDS[refused.obstacle]))
    return redirect("team")


@require_http_methods(ASKS)
@requires(Role.OWNER)
@recent_login(only_posts=True)
def member(request: AdminRequest, user_id: int) -> HttpResponse:
    """One person; POST changes their roles (`roles`) or removes them (`remove`)."""
    held = request.cooperative.memberships.filter(user__pk=user_id)  # by `user_id` a number too large crashes
    person = get_object_or_404(User, pk__in=held.values("user"))
    act = request.POST.get("act", "") if request.method == "POST" else ""
    roles = list(held.values_list("role", flat=True))
    form = RolesForm(request.POST if act == "roles" else None, initial={"roles": roles})
    if act == "remove" and _removed(request, person):
        return redirect("team")
    if form.is_valid() and _changed(request, person, form):
        return redirect("team")
    logins = [at for at in held.values_list("last_login_at", flat=True) if at]
    latest: datetime | None = max(logins, default=None)
    context = {
        "person": person,
        "form": form,
        "last_login_at": latest,
        "cooperative": request.cooperative,
        "may_be_reset": person != request.user and second_factor.has_one(person),
    }
    around = furniture(str(person), ICON, above=[(reverse("team"), _("Team"))])
    return TemplateResponse(request, "home/admin/team_member.html", around | context)


def _changed(request: AdminRequest, person: User, form: RolesForm) -> bool:
    try:
        team.set_roles(request.cooperative, person, {Role(one) for one in form.cleaned_data["roles"]}, by=request.user)
    except TeamRefused as refused:
        form.add_error("roles", str(WORDS[refused.obstacle]))
        return False
    messages.success(request, _("The roles of %(person)s are changed.") % {"person": person})
    return True


def _removed(request: AdminRequest, person: User) -> bool:
    try:
        team.remove(request.cooperative, person, by=request.user)
    except TeamRefused as refused:
        messages.error(request, str(WORDS[refused.obstacle]))
        return False
    messages.success(request, _("%(person)s is of the team no longer. What they wrote stays.") % {"person": person})
    return True
