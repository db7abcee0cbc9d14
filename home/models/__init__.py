"""The cooperative's home: tenant, people, brand, pages, backers, mail, and what runs by the clock."""

from home.models.audit import AuditEntry
from home.models.backers import Backer, ConsentPlace, NewsConsent, Withdrawal
from home.models.brand import Brand, LogoDrawing, MailHead
from home.models.cooperative import Cooperative, Membership, Role
from home.models.domains import FormerHost
from home.models.federations import (
    Adopted,
    Federation,
    FederationPoint,
    FederationText,
    LegalText,
    OwnPoint,
    TextKey,
)
from home.models.jobs import Heartbeat, PeriodicJob, Restoration
from home.models.mail import BatchStop, HeldFor, MailEvent, MailState, OutgoingMail, Stop, Suppression, TeamMailChoice
from home.models.pages import HomePage, PublicationRefused, PublicPage, TextPage
from home.models.privacy import Erasure, Incident, IncidentNotice, RetentionRun, Seriousness, Told
from home.models.self_checks import SelfCheckRun
from home.models.team import Crossing, Invitation
from home.models.users import User

__all__ = [
    "Adopted",
    "AuditEntry",
    "Backer",
    "BatchStop",
    "Brand",
    "ConsentPlace",
    "Cooperative",
    "Crossing",
    "Erasure",
    "Federation",
    "FederationPoint",
    "FederationText",
    "FormerHost",
    "Heartbeat",
    "HeldFor",
    "HomePage",
    "Incident",
    "IncidentNotice",
    "Invitation",
    "LegalText",
    "LogoDrawing",
    "MailEvent",
    "MailHead",
    "MailState",
    "Membership",
    "NewsConsent",
    "OutgoingMail",
    "OwnPoint",
    "PeriodicJob",
    "PublicPage",
    "PublicationRefused",
    "Restoration",
    "RetentionRun",
    "Role",
    "SelfCheckRun",
    "Seriousness",
    "Stop",
    "Suppression",
    "TeamMailChoice",
    "TextKey",
    "TextPage",
    "Told",
    "User",
    "Withdrawal",
]
