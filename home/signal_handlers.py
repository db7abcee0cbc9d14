"""What follows where Wagtail tells that a page went live, or offline (unpublished, expired or deleted)."""

from functools import partial
from typing import Any

from django.contrib.auth import user_logged_in
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.signals import post_save, pre_save
from django.http import HttpRequest
from wagtail.images import get_image_model
from wagtail.models import Page, Site
from wagtail.signals import page_published, page_unpublished

from home import clean_files, clock
from home.languages import FRENCH
from home.mail import tracking
from home.models import Brand, Cooperative, Membership, PublicPage, User
from home.tasks import draw_pictures


def draw_soon(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    """Its pictures are drawn before a visitor has to wait for them."""
    if instance.live:
        transaction.on_commit(partial(draw_pictures.enqueue, instance.pk))


def unpublish_the_twin(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    """Where French goes first, the English page does not stay without it."""
    if not isinstance(instance, PublicPage) or instance.locale.language_code != FRENCH:
        return
    if instance.french_goes_first():
        for twin in instance.get_translations().live().specific():
            twin.unpublish()


def wear_the_new_picture(sender: type[Any], instance: Any, created: bool, **kwargs: Any) -> None:
    """An image whose file was replaced: the brand's pictures made from it have a new address."""
    if not created:
        worn = Q(logo=instance) | Q(favicon=instance) | Q(social_image=instance)
        Brand.objects.filter(worn).update(version=F("version") + 1)


def keep_hosts_apart(sender: type[Site], instance: Site, **kwargs: Any) -> None:
    """A host that still leads on to a cooperative is nobody else's. Raises IntegrityError."""
    instance.hostname = instance.hostname.lower().rstrip(".")
    former = Cooperative.objects.filter(former_hosts__hostname=instance.hostname)
    if former.exclude(site=instance.pk).exists():
        raise IntegrityError(f"{instance.hostname} leads on to another cooperative.")


def note_log_in(sender: type[User], request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """When someone was last there, for the team of that host."""
    cooperative = getattr(request, "cooperative", None)
    if cooperative is not None:
        Membership.objects.filter(user=user, cooperative=cooperative).update(last_login_at=clock.now())


def connect() -> None:
    tracking.connect()
    clean_files.connect()
    post_save.connect(wear_the_new_picture, sender=get_image_model(), dispatch_uid="home.wear_the_new_picture")
    pre_save.connect(keep_hosts_apart, sender=Site, dispatch_uid="home.keep_hosts_apart")
    page_published.connect(draw_soon, dispatch_uid="home.draw_soon")
    page_unpublished.connect(unpublish_the_twin, dispatch_uid="home.unpublish_the_twin")
    user_logged_in.connect(note_log_in, dispatch_uid="home.note_log_in")
