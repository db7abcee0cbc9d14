"""Inviting someone to a team: an address, a role, a link that the address alone receives and that lasts a week.

The link is signed and names the invitation and its generation; nothing that opens it is stored. Whoever follows it has
that mailbox: someone new chooses a name and a password, someone who has an account logs in with it first. What is
over, used, revoked or another cooperative's answers all alike.
"""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from home import audit, clock, formats, links, outbox
from home.backing import email_key
from home.cooperatives import founding
from home.mail.registry import Category, Context, MailKind, register
from home.models import Cooperative, Invitation, Membership, OutgoingMail, Role, User
from home.people.team import WHAT_THEY_DO, Obstacle, TeamRefused, deciding, named

PURPOSE = "invitation"
LASTS = timedelta(days=7)

INVITED = audit.act("member_invited", _("Person invited"))
SENT_AGAIN = audit.act("invitation_again", _("Invitation sent again"))
REVOKED = audit.act("invitation_revoked", _("Invitation revoked"))
ACCEPTED = audit.act("invitation_accepted", _("Invitation accepted"))


def invite(cooperative: Cooperative, email: str, role: Role, by: User, *, language: str = "") -> Invitation:
    """Offer a role to an address. One that waits already is made anew, with this role. Raises TeamRefused."""
    address = email_key(email)
    with deciding(cooperative, by):
        if cooperative.memberships.filter(user__email__iexact=address).exists():
            raise TeamRefused(Obstacle.MEMBER)
        waiting = Invitation.objects.filter(cooperative=cooperative, email=address, accepted_at=None, revoked_at=None)
        invitation = waiting.first() or Invitation(cooperative=cooperative, email=address, created_at=clock.now())
        invitation.role, invitation.language = role, language or cooperative.language
        _send(invitation, by)
        audit.record(INVITED, cooperative=cooperative, by=by, subject=invitation, **_facts(invitation))
    return invitation


def invite_direction(cooperative: Cooperative, email: str, *, by: User | None) -> str:
    """The first person of a direction, where nobody is yet to decide: whoever founds it. Returns the link mailed."""
    address = email_key(email)
    invitation = Invitation(
        cooperative=cooperative,
        email=address,
        role=Role.OWNER,
        language=cooperative.language,
        created_at=clock.now(),
    )
    with transaction.atomic():
        _send(invitation, by)
        audit.record(INVITED, cooperative=cooperative, by=by, subject=invitation, **_facts(invitation))
    return address_of(invitation)


def again(invitation: Invitation, by: User) -> None:
    """Another link, another week; the former link opens nothing any more. Raises TeamRefused."""
    with deciding(invitation.cooperative, by):
        waiting = _standing(invitation)
        _send(waiting, by)
        audit.record(SENT_AGAIN, cooperative=invitation.cooperative, by=by, subject=waiting, **_facts(waiting))


def revoke(invitation: Invitation, by: User) -> None:
    """Its link opens nothing any more. Raises TeamRefused."""
    with deciding(invitation.cooperative, by):
        waiting = _standing(invitation)
        waiting.revoked_at = clock.now()
        waiting.save(update_fields=["revoked_at"])
        audit.record(REVOKED, cooperative=invitation.cooperative, by=by, subject=waiting, **_facts(waiting))


def _standing(invitation: Invitation) -> Invitation:
    """Not accepted and not revoked; its week may be over."""
    waiting = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).first()
    if waiting is None:
        raise TeamRefused(Obstacle.OVER)
    return waiting


def _send(invitation: Invitation, by: User | None) -> None:
    invitation.invited_by, invitation.expires_at = by, clock.now() + LASTS
    invitation.generation += 1
    invitation.save()
    mail = outbox.mail_for(
        INVITATION,
        cooperative=invitation.cooperative,
        subject_key=f"invitation:{invitation.pk}",
        occasion=str(invitation.generation),
        to=by or User(email=invitation.email),
        language=invitation.language,
    )
    mail.user, mail.address, mail.reader_key = None, invitation.email, f"invitation:{invitation.pk}"
    outbox.queue_all([mail])


def _facts(invitation: Invitation) -> dict[str, str]:
    return {"person": invitation.email, "role": invitation.role}


def read(cooperative: Cooperative, token: str) -> Invitation:
    """What a link opens, in the cooperative's scope. Raises LinkRefused."""
    link = links.read(PURPOSE, token)
    standing = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=clock.now())
    found = standing.select_related("invited_by").filter(cooperative=cooperative, generation=link.generation)
    invitation = found.filter(pk=link.subject).first() if link.subject.isdecimal() else None
    if invitation is None or cooperative.archived_at is not None:
        raise links.LinkRefused
    return invitation


def account_of(invitation: Invitation) -> User | None:
    """Who logs in with the address that was invited."""
    return User.objects.filter(email__iexact=invitation.email).first()


def is_for(invitation: Invitation, user: User) -> bool:
    return email_key(user.email) == invitation.email


def accept(cooperative: Cooperative, token: str, user: User) -> Invitation:
    """The role is theirs. Raises LinkRefused, also for another address than was invited."""
    with transaction.atomic():
        Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
        invitation = read(cooperative, token)
        member = Membership.objects.filter(cooperative=cooperative, user=user).exists()
        if member or not is_for(invitation, user):
            raise links.LinkRefused
        invitation.accepted_at, invitation.accepted_by = clock.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        founding.welcome(user, cooperative, Role(invitation.role))
        facts = {"person": named(user), "role": invitation.role}
        audit.record(ACCEPTED, cooperative=cooperative, by=user, subject=invitation, **facts)
    return invitation


def accept_as_new(cooperative: Cooperative, token: str, *, first_name: str, last_name: str, password: str) -> User:
    """An account for the address, and the role. Raises LinkRefused, also where there is such an account already."""
    with transaction.atomic():
        Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
        invitation = read(cooperative, token)
        if account_of(invitation):
            raise links.LinkRefused
        user = User.objects.create_user(invitation.email, password, first_name=first_name, last_name=last_name)
        accept(cooperative, token, user)
    return user


def address_of(invitation: Invitation) -> str:
    """Where its link leads, in its language."""
    token = links.sign(PURPOSE, str(invitation.pk), lasts=LASTS, generation=invitation.generation)
    with translation.override(invitation.language):
        return invitation.cooperative.root_url + reverse("invitation", args=[token])


def fill(mail: OutgoingMail) -> Context:
    """`account_url`: who is not of the team yet has no choice of mails to make."""
    cooperative = mail.cooperative
    invitation = Invitation.objects.select_related("invited_by").get(pk=mail.subject_key.rpartition(":")[2])
    return {
        "inviter": str(invitation.invited_by or cooperative.name),
        "role": invitation.get_role_display(),
        "what_they_do": WHAT_THEY_DO[Role(invitation.role)],
        "expires": formats.local_day(invitation.expires_at, cooperative.time_zone),
        "account_url": "",
        "button_url": address_of(invitation) if mail.pk else cooperative.root_url + "/",
    }


INVITATION = register(MailKind("invitation", "home", Category.TEAM, "Someone is invited to the team", fill))
