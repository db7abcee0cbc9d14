"""A receipt as a PDF of one page or more, drawn without any outside program.

The letters are the house's own (static/vendor/affiche), embedded: « », ’, no-break spaces and accented names are set
as they are. A sign that the font lacks is left out, and nothing else is.
"""

from django.contrib.staticfiles import finders
from django.utils.translation import gettext
from fpdf import FPDF, XPos, YPos

from home import formats
from home.languages import TAGS, current
from pledges.receipts import Receipt, ReceiptLine

FONT = "Affiche"
LEFT, WIDTH, AMOUNT = 20, 176, 40
SIZE, SMALL, LARGE = 10.5, 9, 18


class ReceiptPdf(FPDF):
    """A letter page; lines of words on the left and amounts on the right."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(format="letter")
        self.receipt = receipt
        for style, weight in (("", "Regular"), ("B", "ExtraBold")):
            self.add_font(FONT, style, str(finders.find(f"vendor/affiche/Affiche-{weight}.ttf")))
        self.set_margin(LEFT)
        self.set_auto_page_break(True, margin=LEFT)
        self.set_lang(TAGS[current()])
        self.set_title(f"{receipt.title} {receipt.number}")
        self.add_page()

    def text_line(self, text: str, *, size: float = SIZE, style: str = "") -> None:
        self.set_font(FONT, style, size)
        self.multi_cell(WIDTH, size * 0.52, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def amount_line(self, line: ReceiptLine, *, style: str = "") -> None:
        self.set_font(FONT, style, SIZE)
        top = self.get_y()
        amount = formats.money(line.amount, self.receipt.currency, exact=True)
        self.set_x(LEFT + WIDTH - AMOUNT)
        self.cell(AMOUNT, 6, amount, align="R", new_x=XPos.LMARGIN, new_y=YPos.TOP)
        self.set_xy(LEFT, top)
        self.multi_cell(WIDTH - AMOUNT, 6, line.label, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rule(self) -> None:
        self.ln(1.5)
        self.line(LEFT, self.get_y(), LEFT + WIDTH, self.get_y())
        self.ln(1.5)


def pdf_of(receipt: Receipt) -> bytes:
    """In the language that is active."""
    page = ReceiptPdf(receipt)
    _head(page, receipt)
    page.rule()
    for line in receipt.lines:
        page.amount_line(line)
    page.rule()
    page.amount_line(ReceiptLine(gettext("Total paid"), receipt.total), style="B")
    if receipt.taxes:
        page.text_line(gettext("Taxes included:"), size=SMALL)
    for tax in receipt.taxes:
        page.amount_line(ReceiptLine(f"{tax.label} · {tax.number}", tax.amount))
    _refunds(page, receipt)
    page.rule()
    _foot(page, receipt)
    return bytes(page.output())


def _head(page: ReceiptPdf, receipt: Receipt) -> None:
    cooperative, pledge = receipt.pledge.cooperative, receipt.pledge
    page.text_line(cooperative.legal_name, style="B")
    page.text_line(cooperative.address)
    if cooperative.registration_number:
        page.text_line(gettext("NEQ: %(number)s") % {"number": cooperative.registration_number})
    page.ln(6)
    page.text_line(f"{receipt.title} {receipt.number}", size=LARGE, style="B")
    if receipt.paid_at:
        paid = formats.local_day(receipt.paid_at, cooperative.time_zone)
        page.text_line(gettext("Paid on %(date)s") % {"date": paid})
    page.text_line(receipt.method)
    page.ln(4)
    page.text_line(pledge.company_name or pledge.backer.name, style="B")
    if pledge.company_numbers:
        page.text_line(pledge.company_numbers)
    page.text_line(gettext("Contribution to “%(campaign)s”") % {"campaign": pledge.campaign.title})
    page.ln(2)


def _refunds(page: ReceiptPdf, receipt: Receipt) -> None:
    if not receipt.refunds:
        return
    page.rule()
    for line in receipt.refunds:
        page.amount_line(ReceiptLine(line.label, -line.amount))
    page.amount_line(ReceiptLine(gettext("Remains"), receipt.kept), style="B")


def _foot(page: ReceiptPdf, receipt: Receipt) -> None:
    descriptor = receipt.pledge.cooperative.statement_descriptor
    page.text_line(gettext("On your card statement: “%(descriptor)s”") % {"descriptor": descriptor}, size=SMALL)
    page.text_line(gettext("This is a receipt for payment; it is not a tax receipt."), size=SMALL)
