"""The books of a cooperative: taxes of a period, rewards owed at a day, the accounting journal. Pages and files."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from home.admin_access import AdminRequest, requires
from home.admin_pages import Crumb, furniture
from home.csv_files import Cell, amount_cell, csv_response
from home.languages import current
from home.log_in.recent_login import recent_login
from home.models import Role
from pledges import deferred, journal, tax_report
from pledges.admin.books_forms import AccountCodesForm, DayForm, JournalForm, PeriodForm
from pledges.deferred import Owed
from pledges.tax_report import tax_name

ROLES = (Role.TREASURER, Role.OWNER)
ICON = "calendar-check"


def above_books() -> list[Crumb]:
    return [(reverse("pledges_money"), _("Money")), (reverse("pledges_books"), _("Books"))]


@require_safe
@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    above = [(reverse("pledges_money"), _("Money"))]
    return TemplateResponse(request, "pledges/admin/books.html", furniture(_("Books"), ICON, above=above))


@require_safe
@requires(*ROLES)
@recent_login
def taxes(request: AdminRequest) -> HttpResponseBase:
    """What was collected, given back and is payable, tax by tax and campaign by campaign."""
    form = PeriodForm(request.GET, cooperative=request.cooperative)
    period = form.period()
    lines = tax_report.lines_of(request.cooperative, period)
    if _is_file(request, form):
        header = [_("Tax"), _("Campaign"), _("Taxable, without taxes"), _("Collected"), _("Given back"), _("Payable")]
        return csv_response(
            f"taxes-{period.name}.csv", [*header, _("Currency")], _tax_rows(lines), current(), by=request
        )
    totals = tax_report.totals_of(request.cooperative, lines)
    context = {"filter": form, "period": period, "lines": lines, "totals": totals, "file": _file(request)}
    return _page(request, "tax_report", _("Taxes of a period"), context)


def _tax_rows(lines: list[tax_report.TaxLine]) -> Iterator[list[Cell]]:
    for line in lines:
        amounts = [amount_cell(cents, current()) for cents in (line.base, line.collected, line.refunded, line.net)]
        yield [line.name, line.campaign.title if line.campaign else "", *amounts, line.currency]


@require_safe
@requires(*ROLES)
@recent_login
def owed(request: AdminRequest) -> HttpResponseBase:
    """Rewards paid for and not handed over at a day."""
    form = DayForm(request.GET, cooperative=request.cooperative)
    day = form.day()
    lines = deferred.owed_at(request.cooperative, day)
    codes = sorted({code for line in lines for code in line.taxes})
    if _is_file(request, form):
        header = [_("Campaign"), _("Reward"), _("Number"), _("Amount without taxes"), *map(tax_name, codes)]
        rows = _owed_rows(lines, codes)
        return csv_response(
            f"contreparties-dues-{day.isoformat()}.csv",
            [*header, _("Amount"), _("Currency")],
            rows,
            current(),
            by=request,
        )
    context = {
        "filter": form,
        "day": day,
        "lines": lines,
        "count": sum(line.count for line in lines),
        "amount": sum(line.amount for line in lines),
        "tax": sum(line.tax for line in lines),
        "gross": sum(line.gross for line in lines),
        "currency": request.cooperative.currency,
        "file": _file(request),
    }
    return _page(request, "owed", _("Rewards owed"), context)


def _owed_rows(lines: list[Owed], codes: list[str]) -> Iterator[list[Cell]]:
    for line in lines:
        taxes_of = [amount_cell(line.taxes.get(code, 0), current()) for code in codes]
        amount, gross = amount_cell(line.amount, current()), amount_cell(line.gross, current())
        yield [line.campaign.title, line.reward.title, line.count, amount, *taxes_of, gross, line.campaign.currency]


@require_safe
@requires(*ROLES)
@recent_login
def journal_of(request: AdminRequest) -> HttpResponseBase:
    """Every ledger entry of a period, as a file for the cooperative's own accounting."""
    form = JournalForm(request.GET, cooperative=request.cooperative)
    period = form.period()
    campaign = form.cleaned_data.get("campaign") if form.is_bound and form.is_valid() else None
    entries = journal.entries_of(request.cooperative, period, campaign)
    if _is_file(request, form):
        header = [_("Date"), _("Group"), _("Kind"), _("Reference"), _("Campaign"), _("Account code"), _("Account")]
        amounts = [_("Tax"), _("Debit"), _("Credit"), _("Currency")]
        name = f"journal-{period.name}.csv"
        return csv_response(name, [*header, *amounts], _journal_rows(request, entries), current(), by=request)
    context = {
        "filter": form,
        "sums": journal.sums_of(entries),
        "currency": request.cooperative.currency,
        "file": _file(request),
    }
    return _page(request, "journal", _("Accounting journal"), context)


def _journal_rows(request: AdminRequest, entries: Any) -> Iterator[list[Cell]]:
    for row in journal.rows_of(request.cooperative, entries):
        amounts = [amount_cell(cents, current()) if cents else None for cents in (row.debit, row.credit)]
        words = [row.kind, row.reference, row.campaign, row.code, row.account, row.tax]
        yield [row.day, row.group, *words, *amounts, row.currency]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
@recent_login
def accounts(request: AdminRequest) -> HttpResponse:
    """The cooperative's own codes of our accounts."""
    form = AccountCodesForm(request.POST or None, cooperative=request.cooperative)
    if request.method == "POST" and form.is_valid():
        journal.set_codes(request.cooperative, form.codes(), by=request.user)
        messages.success(request, _("The account codes are kept."))
        return redirect("pledges_accounts")
    return _page(request, "accounts", _("Account codes"), {"form": form})


def _page(request: AdminRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
    around = furniture(title, ICON, above=above_books())
    return TemplateResponse(request, f"pledges/admin/{name}.html", around | context)


def _is_file(request: AdminRequest, form: Any) -> bool:
    """A period that cannot be read gives the page with its errors, never a file of another period."""
    return request.GET.get("as") == "csv" and (not form.is_bound or form.is_valid())


def _file(request: AdminRequest) -> str:
    """The address of the same as a file."""
    asked = request.GET.copy()
    asked["as"] = "csv"
    return f"?{asked.urlencode()}"
