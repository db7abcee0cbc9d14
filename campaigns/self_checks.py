"""What of this room is checked each night."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from campaigns import term_checks
from home.self_checks.registry import self_check


@self_check(
    "terms",
    _("Pages and terms"),
    _("Run check_terms --mend; what is marked as frozen is for an editor to correct on the page."),
)
def pages_and_terms() -> Iterator[str]:
    """Where they differ. What pages say is not repeated: the command does."""
    for one in term_checks.all_differences():
        yield f"page {one.page_id}: {one.what}" + ("" if one.mendable else " (frozen)")
