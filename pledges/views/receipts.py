"""The receipt of one payment, to read and print, and as a PDF."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from pledges.enums import PaymentState
from pledges.models import Pledge
from pledges.receipts import Receipt, receipt_of
from pledges.views.visiting import Visit, opened_by_link


@opened_by_link
@require_safe
def show(request: Visit, pledge: Pledge, token: str, *, payment_id: int) -> HttpResponseBase:
    context = {
        "receipt": _receipt(pledge, payment_id),
        "pledge": pledge,
        "campaign": pledge.campaign,
        "token": token,
    }
    return render(request, "pledges/receipt_page.html", context)


@opened_by_link
@require_safe
def pdf(request: Visit, pledge: Pledge, token: str, *, payment_id: int) -> HttpResponseBase:
    from pledges.receipt_pdf import pdf_of  # noqa: PLC0415  (17 MB that most processes never need)

    receipt = _receipt(pledge, payment_id)
    name = slugify(f"{receipt.title} {receipt.number}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return HttpResponse(pdf_of(receipt), content_type="application/pdf", headers=headers)


def _receipt(pledge: Pledge, payment_id: int) -> Receipt:
    """Of this contribution's own payments only."""
    payments = pledge.payments.select_related(
        "cooperative", "pledge__campaign", "pledge__backer", "pledge__cooperative__site"
    )
    payment = payments.filter(pk=payment_id, state=PaymentState.PAID).first()
    if payment is None:
        raise Http404
    return receipt_of(payment)
