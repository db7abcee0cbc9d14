"""Who works in a cooperative, as its direction decides: roles given and taken, someone let go.

Every decision is taken under the lock of the cooperative, and who decides is asked for there once more, so that of two
owners who remove each other at once one stays. What someone wrote stays theirs; what they may do is asked at each
request (home.admin_access), so that it ends with the transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from home import audit, clock, outbox
from home.cooperatives import founding, twins
from home.models import Cooperative, Invitation, Membership, Role, User
from home.queries import REHEARSING, roles_of

WHAT_THEY_DO: dict[Role, str | Promise] = {
    Role.EDITOR: _("writes campaigns and updates, announces, delivers rewards"),
    Role.ADVISER: _("reads dossiers, asks questions, approves"),
    Role.TREASURER: _("payments, refunds, payouts, exports"),
    Role.OWNER: _("team, brand, settings, audit log"),
}

ROLES_CHANGED = audit.act("roles_changed", _("Roles changed"))
MEMBER_REMOVED = audit.act("member_removed", _("Person removed from the team"))


class Obstacle(StrEnum):
    """Why nothing is done."""

    NOT_OWNER = "not_owner"
    OWN_GAIN = "own_gain"
    LAST_OWNER = "last_owner"
    NO_ROLE = "no_role"
    NOT_MEMBER = "not_member"
    MEMBER = "member"
    OVER = "over"


class TeamRefused(Exception):
    """Nothing was written. `obstacle` says why."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.value)
        self.obstacle = obstacle


@contextmanager
def deciding(cooperative: Cooperative, by: User) -> Iterator[None]:
    """One transaction, one decision at a time. Raises TeamRefused unless `by` is of the direction now."""
    with transaction.atomic():
        Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
        if Role.OWNER not in roles_of(by, cooperative):
            raise TeamRefused(Obstacle.NOT_OWNER)
        yield


def set_roles(cooperative: Cooperative, user: User, roles: set[Role], *, by: User) -> None:
    """Exactly these from now on; the same again changes nothing. Raises TeamRefused."""
    with deciding(cooperative, by):
        held = _held(cooperative, user)
        if not roles:
            raise TeamRefused(Obstacle.NO_ROLE)
        if user == by and not by.is_superuser and roles - held:
            raise TeamRefused(Obstacle.OWN_GAIN)
        _take(cooperative, user, held - roles)
        for role in sorted(roles - held):
            founding.welcome(user, cooperative, role)
        if roles != held:
            facts = {"person": named(user), "before": sorted(held), "after": sorted(roles)}
            audit.record(ROLES_CHANGED, cooperative=cooperative, by=by, subject=user, **facts)


def remove(cooperative: Cooperative, user: User, *, by: User) -> None:
    """They work there no longer. Raises TeamRefused."""
    with deciding(cooperative, by):
        held = _held(cooperative, user)
        _take(cooperative, user, held)
        outbox.forget_member(user, cooperative)
        facts = {"person": named(user), "before": sorted(held), "after": []}
        audit.record(MEMBER_REMOVED, cooperative=cooperative, by=by, subject=user, **facts)


def named(user: User) -> str:
    """Someone of a team, as the audit log keeps them."""
    return f"{user} <{user.email}>"


def _held(cooperative: Cooperative, user: User) -> set[Role]:
    held = {Role(one.role) for one in Membership.objects.filter(cooperative=cooperative, user=user)}
    if not held:
        raise TeamRefused(Obstacle.NOT_MEMBER)
    return held


def _take(cooperative: Cooperative, user: User, roles: set[Role]) -> None:
    """With the direction go the invitations that they sent, lest one of them lead back; with the last role that may
    rehearse, what they are in the rehearsal, whose copies Wagtail would show them at any host where they work still."""
    if Role.OWNER in roles:
        owners = Membership.objects.filter(cooperative=cooperative, role=Role.OWNER, user__is_active=True)
        if not owners.exclude(user=user).exists():
            raise TeamRefused(Obstacle.LAST_OWNER)
        sent = Invitation.objects.filter(cooperative=cooperative, invited_by=user, accepted_at=None, revoked_at=None)
        sent.update(revoked_at=clock.now())
    for role in sorted(roles):
        founding.part(user, cooperative, role)
    if not Membership.objects.filter(cooperative=cooperative, user=user, role__in=REHEARSING).exists():
        twins.dismiss(cooperative, user)
