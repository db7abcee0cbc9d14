"""« Recopier ma campagne précédente »: said first, then done by its own POST."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from wagtail.admin import messages
from wagtail.models import Page

from campaigns import copying
from campaigns.models import CampaignPage
from home.admin_access import AdminRequest, findable, requires
from home.models import Role
from home.queries import cooperative_of

ROLES = (Role.EDITOR, Role.OWNER)


@requires(*ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def copy_again(request: AdminRequest, page_id: int) -> HttpResponseBase:
    page = copying.source_page_of(_own_page(request, page_id))
    if not page.get_parent().permissions_for_user(request.user).can_add_subpage():
        raise PermissionDenied
    if request.method != "POST":
        return _question(request, page)
    copied = copying.copy_again(page, by=request.user)
    messages.success(
        request, _("Here is your new campaign, as a draft. Choose its last day, and check the months of its rewards.")
    )
    return redirect("wagtailadmin_pages:edit", copied.pk)


def _own_page(request: AdminRequest, page_id: int) -> CampaignPage:
    """A campaign page of the host's cooperative that the person finds in the explorer."""
    mine = CampaignPage.objects.filter(pk__in=findable(request.user, Page).values("pk"))
    page = get_object_or_404(mine, pk=page_id)
    if cooperative_of(page) != request.cooperative:
        raise PermissionDenied
    return page


def _question(request: AdminRequest, page: CampaignPage) -> HttpResponse:
    title = _("Start again from “%(campaign)s”") % {"campaign": page.title}
    crumbs = [
        (reverse("wagtailadmin_explore", args=[page.get_parent().pk]), page.get_parent().title),
        ("", title),
    ]
    context = {
        "header_title": title,
        "header_icon": "copy",
        "breadcrumbs_items": [{"url": url, "label": label} for url, label in crumbs],
        "page_url": reverse("wagtailadmin_pages:edit", args=[page.pk]),
    }
    return render(request, "campaigns/admin/copy_again.html", context)
