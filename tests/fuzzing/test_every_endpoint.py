"""No request fails, whatever it is, and none that is refused changes anything.

`WHOLE=1 pytest tests/fuzzing -s` makes 20,000. A failure names the seed and the number of its request:
`FUZZ_SEED=… FUZZ_ONLY=123 pytest tests/fuzzing` makes that one alone, `FUZZ=5000-10000` those.
"""

import os
import random
import time
from collections import Counter

import pytest

from tests.fuzzing.asking import asked, faults
from tests.fuzzing.surface import surface_of
from tests.fuzzing.watching import as_strict_as_postgresql

pytestmark = pytest.mark.long

MANY, SOME = 20_000, 200


def test_no_request_fails_and_none_that_is_refused_changes_a_row(ours, theirs, changed):
    whole = os.environ.get("WHOLE") == "1"
    seed = os.environ.get("FUZZ_SEED") or (str(random.randrange(10**9)) if whole else "2026")
    only = os.environ.get("FUZZ_ONLY")
    first, last = os.environ.get("FUZZ", f"0-{MANY if whole else SOME}").split("-")
    numbers = [int(only)] if only else range(int(first), int(last))
    surface, seen, found = surface_of(ours, theirs), Counter(), []
    began = time.process_time()
    with as_strict_as_postgresql():
        for number in numbers:
            made = asked(surface, random.Random(f"{seed}:{number}"))
            if only:
                print(made)
            for fault in faults(made, changed, seen):
                found.append(f"FUZZ_SEED={seed} FUZZ_ONLY={number} {made.key}: {fault}\n    {made}")
                print(found[-1], flush=True)
            if number % 1000 == 999:
                print(f"{number + 1} requests of seed {seed}, {time.process_time() - began:.0f} s of CPU", flush=True)
    print(
        f"\nseed {seed}: {len(numbers)} requests to {len(surface.endpoints)} addresses, {dict(sorted(seen.items()))}, "
        f"{time.process_time() - began:.0f} s of CPU"
    )
    assert found == [], f"{len(found)} faults"
    if not only:
        assert len(surface.endpoints) > 100
        assert seen["200"] > len(numbers) / 10, "Hardly anything opens: what is behind is not reached."
        assert seen["foreign"] and seen["broken"]
