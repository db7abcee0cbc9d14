"""The houses hold what the product knows: without that, the canary would sing of nothing."""

import pytest

from tests.canary.houses import THEIRS, UNMADE, state_of, unmade

pytestmark = pytest.mark.long


def test_a_row_of_every_model_of_a_cooperative_is_in_the_houses(ours, theirs):
    assert {"ours": unmade(ours), "theirs": unmade(theirs)} == {"ours": sorted(UNMADE), "theirs": sorted(UNMADE)}
    silent = [label for label, rows in state_of(theirs).items() if THEIRS.lower() not in repr(rows).lower()]
    assert len(silent) < len(state_of(theirs)) / 2
