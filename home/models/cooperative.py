"""The tenant: a cooperative, and who works in it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.models import Site

from home.languages import CHOICES, FRENCH


class Cooperative(models.Model):
    """One cooperative: its legal person, its host (the Site), its Stripe account and its limits.

    One that `rehearses` another is its sandbox (« Campagne d’essai »): a tenant like any other, so that every wall of
    tenancy stands between the two; paid in Stripe's test mode, open to its people alone, and writing to nobody but
    `rehearsed_by` (home.mail.diverting), or to nobody at all.

    Never deleted: what it owes its backers outlives it. `archived_at` closes it. `disconnected_at` is when its Stripe
    account stopped being reachable by the platform. `wanted_hostname` is the name it asked to be at
    (home.hosts.domains).
    """

    site = models.OneToOneField(Site, on_delete=models.PROTECT, related_name="cooperative")
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    legal_name = models.CharField(_("legal name"), max_length=200)
    registration_number = models.CharField(_("registration number (NEQ)"), max_length=30, blank=True)
    address = models.TextField(_("address"))
    phone = models.CharField(_("telephone"), max_length=40)
    contact_email = models.EmailField(_("contact email"))
    privacy_officer = models.CharField(_("privacy officer"), max_length=120)
    sender_email = models.EmailField(_("sending address"))
    language = models.CharField(_("main language"), max_length=2, choices=CHOICES, default=FRENCH)
    french_first = models.BooleanField(_("no English page without its French twin"), default=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="America/Toronto")
    currency = models.CharField(_("currency"), max_length=3, default="CAD")
    statement_descriptor = models.CharField(_("name on card statements"), max_length=22)
    stripe_account = models.CharField(_("Stripe account"), max_length=60, blank=True, db_index=True)
    charges_enabled = models.BooleanField(_("can take payments"), default=False)
    payouts_enabled = models.BooleanField(_("receives transfers"), default=False)
    details_submitted = models.BooleanField(_("has answered what Stripe asks"), default=False)
    disconnected_at = models.DateTimeField(null=True, blank=True, editable=False)
    commission_basis_points = models.PositiveIntegerField(_("commission, in hundredths of a percent"), default=500)
    commission_fixed = models.PositiveIntegerField(_("fixed part of the commission, in cents"), default=0)
    max_campaign_days = models.PositiveIntegerField(_("longest campaign, in days"), default=90)
    second_person_above = models.PositiveIntegerField(
        _("refunds above this amount need a second person, in cents"), default=50_000
    )
    is_charity = models.BooleanField(_("registered charity"), default=False)
    self_approval = models.BooleanField(
        _("the team may approve its own campaigns"),
        default=False,
        help_text=_("Otherwise an adviser, or someone else of the team’s direction, approves each campaign."),
    )
    listed = models.BooleanField(
        _("shown on the platform’s discovery page"),
        default=False,
        help_text=_("Its public campaigns are found there beside those of other cooperatives."),
    )
    wanted_hostname = models.CharField(max_length=253, blank=True, default="", editable=False)
    rehearses = models.OneToOneField(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="rehearsal"
    )
    rehearsed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    federation = models.ForeignKey(
        "home.Federation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="cooperatives",
        verbose_name=_("federation"),
    )
    sender_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("cooperative")
        verbose_name_plural = _("cooperatives")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Another sending address is not verified by what was proved of the one before."""
        was = Cooperative.objects.filter(pk=self.pk).values_list("sender_email", flat=True).first()
        fields = kwargs.get("update_fields")
        if was is not None and was != self.sender_email and (fields is None or "sender_email" in fields):
            self.sender_verified_at = None
            if fields is not None:
                kwargs["update_fields"] = {*fields, "sender_verified_at"}
        super().save(*args, **kwargs)

    @property
    def root_url(self) -> str:
        """Scheme, host and port of the cooperative's own site, without a trailing slash."""
        return self.site.root_url

    @property
    def is_rehearsal(self) -> bool:
        return self.rehearses_id is not None

    @property
    def address_line(self) -> str:
        """The address within a sentence."""
        return ", ".join(line.strip() for line in self.address.splitlines() if line.strip())

    @property
    def takes_payments(self) -> bool:
        reachable = bool(self.stripe_account) and self.disconnected_at is None
        return reachable and self.charges_enabled and self.archived_at is None


class Role(models.TextChoices):
    """What a person does in a cooperative."""

    EDITOR = "editor", _("Editor")
    ADVISER = "adviser", _("Adviser")
    TREASURER = "treasurer", _("Treasurer")
    OWNER = "owner", pgettext_lazy("role", "Owner")


class Membership(models.Model):
    """One role of one person in one cooperative; someone may serve several.

    `last_login_at`: at this cooperative's host; when someone works for another one is not this one's business.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    last_login_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "user", "role"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"
