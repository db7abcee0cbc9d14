"""Which taxes the cooperative collects, under which numbers, since when and until when."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from home import audit
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.log_in.recent_login import recent_login
from pledges import money_acts
from pledges.admin.books_forms import RegistrationForm
from pledges.admin.books_views import ICON, ROLES, above_books
from pledges.models import TaxRate, TaxRegistration
from pledges.tax_report import tax_names


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
@recent_login
def index(request: AdminRequest) -> HttpResponse:
    """The list; POST adds one."""
    return _edit(request, TaxRegistration(cooperative=request.cooperative))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
@recent_login
def change(request: AdminRequest, registration_id: int) -> HttpResponse:
    return _edit(request, get_object_or_404(TaxRegistration, cooperative=request.cooperative, pk=registration_id))


def _facts(row: TaxRegistration) -> dict[str, str]:
    """What stands in it, as the audit log keeps it."""
    days = {"starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat() if row.ends_on else ""}
    return {"code": row.code, "number": row.number} | days


def _save(request: AdminRequest, form: RegistrationForm, before: dict[str, str]) -> None:
    with transaction.atomic():
        row = form.save()
        facts = {"before": before, "after": _facts(row)}
        act = money_acts.TAXES_CHANGED
        audit.record(act, cooperative=request.cooperative, by=request.user, subject=row, **facts)


def _edit(request: AdminRequest, row: TaxRegistration) -> HttpResponse:
    before = _facts(row) if row.pk else {}
    form = RegistrationForm(request.POST or None, instance=row, cooperative=request.cooperative)
    if request.method == "POST" and form.is_valid():
        _save(request, form, before)
        messages.success(request, _("The taxes are kept. They apply to what is paid from now on."))
        return redirect("pledges_taxes")
    names = tax_names()
    rows = TaxRegistration.objects.filter(cooperative=request.cooperative).order_by("code", "starts_on")
    context = {
        "form": form,
        "row": row,
        "registrations": [(names.get(one.code, one.code), one) for one in rows],
        "rates": TaxRate.objects.order_by("code", "starts_on"),
    }
    return TemplateResponse(
        request, "pledges/admin/taxes.html", furniture(_("Taxes"), ICON, above=above_books()) | context
    )
