"""What Wagtail serves at any host, held to the host's cooperative: documents, pages and files behind a password."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe
from wagtail import hooks
from wagtail import views as page_views
from wagtail.documents.models import Document
from wagtail.documents.views import serve as document_views
from wagtail.models import CollectionViewRestriction, PageViewRestriction

from home.form_limits import KEYS, limited
from home.own_trees import is_another_s, not_ours, pages_of
from home.tenancy import current_cooperative


@hooks.register("before_serve_document", order=-10)
def own_document(document: Document, request: HttpRequest) -> None:
    """Not found at the host of another cooperative."""
    cooperative = current_cooperative()
    if cooperative is not None and not_ours(Document, [document.pk], cooperative).exists():
        raise Http404


@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def page_password(request: HttpRequest, page_view_restriction_id: int, page_id: int) -> HttpResponseBase:
    """In place of Wagtail's: asks for the password of a page of this host only."""
    cooperative = current_cooperative()
    if cooperative is None or not pages_of(cooperative).filter(pk=page_id).exists():
        raise Http404
    get_object_or_404(PageViewRestriction, pk=page_view_restriction_id, page__in=pages_of(cooperative).values("pk"))
    return page_views.authenticate_with_password(request, page_view_restriction_id, page_id)


@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def document_password(request: HttpRequest, restriction_id: int) -> HttpResponseBase:
    """In place of Wagtail's: asks for the password of files of this host only."""
    cooperative = current_cooperative()
    restriction = get_object_or_404(CollectionViewRestriction, pk=restriction_id)
    if cooperative is None or is_another_s(restriction.collection, cooperative):
        raise Http404
    return document_views.authenticate_with_password(request, restriction_id)


@require_safe
def log_in(request: HttpRequest) -> HttpResponseBase:
    """In place of Wagtail's own form, which asks for a password alone and counts no attempts."""
    return redirect(f"{reverse('account_login')}?{urlencode({'next': request.GET.get('next', '/')})}")


#: In place of Wagtail's, which answers a POST as well.
document = require_safe(document_views.serve)
