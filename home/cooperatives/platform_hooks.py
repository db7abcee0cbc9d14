"""Addresses and menus of the platform's pages, and of what a direction settles about its cooperative."""

from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from home.admin_access import OperatorMenuItem, RoleMenuItem, roles_in
from home.cooperatives import identity_views, platform_views, proposal_views, proposals
from home.models import Federation, Role


class EditTemplate(generic.EditView):
    """What is changed is written down for those whom it is offered to."""

    @transaction.atomic
    def save_instance(self) -> Federation:
        before = proposals.template_of(Federation.objects.get(pk=self.object.pk))
        federation: Federation = super().save_instance()
        proposals.note_change(federation, before, by=self.request.user)
        return federation


class Federations(ModelViewSet):
    """Their templates; nobody but superusers has the permissions of this model."""

    model = Federation
    name = "federations"
    url_prefix = "federations"
    icon = "group"
    inspect_view_enabled = False
    copy_view_enabled = False
    list_display: ClassVar = ["name", "slug"]
    edit_view_class = EditTemplate
    add_to_settings_menu = True
    menu_order = 20


@hooks.register("register_admin_viewset")
def federations() -> Federations:
    return Federations("federations")


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    return [
        path("cooperatives/", platform_views.index, name="platform_cooperatives"),
        path("cooperatives/add/", platform_views.add, name="platform_add_cooperative"),
        path("cooperatives/<int:cooperative_id>/", platform_views.detail, name="platform_cooperative"),
        path("identity/", identity_views.identity, name="cooperative_identity"),
        path("legal-texts/", identity_views.texts, name="legal_texts"),
        path("proposals/", proposal_views.index, name="federation_proposals"),
    ]


@hooks.register("register_settings_menu_item")
def cooperatives_item() -> MenuItem:
    return OperatorMenuItem(
        _("Cooperatives"),
        reverse_lazy("platform_cooperatives"),
        name="cooperatives",
        icon_name=platform_views.ICON,
        order=10,
    )


@hooks.register("register_settings_menu_item")
def identity_item() -> MenuItem:
    return RoleMenuItem(
        _("Legal identity"),
        reverse_lazy("cooperative_identity"),
        name="identity",
        icon_name=identity_views.IDENTITY_ICON,
        order=160,
        roles=(Role.OWNER,),
    )


@hooks.register("register_settings_menu_item")
def texts_item() -> MenuItem:
    return RoleMenuItem(
        _("Legal texts"),
        reverse_lazy("legal_texts"),
        name="legal-texts",
        icon_name=identity_views.TEXTS_ICON,
        order=170,
        roles=identity_views.TEXT_ROLES,
    )


@hooks.register("register_settings_menu_item")
def proposals_item() -> MenuItem:
    return proposal_views.ProposalsItem(
        _("Proposals of the federation"),
        reverse_lazy("federation_proposals"),
        name="proposals",
        icon_name=proposal_views.ICON,
        order=180,
    )


@hooks.register("construct_homepage_panels")
def proposals_panel(request: HttpRequest, panels: list[Any]) -> None:
    if roles_in(request) and (panel := proposal_views.ProposalsPanel.of(request)):
        panels.append(panel)
