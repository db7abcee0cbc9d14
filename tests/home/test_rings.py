"""What knows each other is forgotten by Python's garbage collector alone: before there is a lot of it."""

import subprocess
import sys

from config import ROOT

RINGS = """
import django, weakref
django.setup()
class Ring:
    def __init__(self):
        self.other = self
alive = weakref.WeakSet()
for _ring in range(10_000):
    alive.add(Ring())
print(len(alive))
"""


def test_rings_are_found_before_they_are_many():
    """In a process of its own: the tests' has other thresholds."""
    command = [sys.executable, "-c", RINGS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "site")
    assert int(done.stdout) < 2_000
