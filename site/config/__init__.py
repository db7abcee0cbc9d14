"""The project package.

Servers need to be told only `site/`: the repository's root, where the apps live, is added here.
"""

import gc
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# What the apps' 3,000 modules make as they are loaded stays: looking through it for rings every 700 objects is a fifth
# of the time in which any process starts. Once they are loaded it is as usual again (home.apps).
gc.set_threshold(50_000, 20, 50)
