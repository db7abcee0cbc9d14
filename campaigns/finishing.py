"""What Wagtail does when a review ends well (WAGTAIL_FINISH_WORKFLOW_ACTION). Imported before any model."""

from typing import Any


def leave_unpublished(workflow_state: Any, user: Any = None) -> None:
    """Nothing: approving moves the campaign's own state (campaigns.signal_handlers), publishing is another act."""
