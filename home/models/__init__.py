"""The cooperative's home: tenant, people, brand, pages, backers, mail, and what runs by the clock."""

from home.models.audit import AuditEntry
from home.models.backers import Backer, NewsConsent
from home.models.brand import Brand
from home.models.cooperative import Cooperative, Membership, Role
from home.models.federations import (
    Adopted,
    Federation,
    FederationPoint,
    FederationText,
    LegalText,
    OwnPoint,
    TextKey,
)
from home.models.jobs import Heartbeat, PeriodicJob
from home.models.mail import BatchStop, HeldFor, MailEvent, MailState, OutgoingMail, Stop, Suppression, TeamMailChoice
from home.models.pages import HomePage, PublicationRefused, PublicPage, TextPage
from home.models.users import User

__all__ = [
    "Adopted",
    "AuditEntry",
    "Backer",
    "BatchStop",
    "Brand",
    "Cooperative",
    "Federation",
    "FederationPoint",
    "FederationText",
    "Heartbeat",
    "HeldFor",
    "HomePage",
    "LegalText",
    "MailEvent",
    "MailState",
    "Membership",
    "NewsConsent",
    "OutgoingMail",
    "OwnPoint",
    "PeriodicJob",
    "PublicPage",
    "PublicationRefused",
    "Role",
    "Stop",
    "Suppression",
    "TeamMailChoice",
    "TextKey",
    "TextPage",
    "User",
]
