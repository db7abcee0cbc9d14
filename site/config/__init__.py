"""The project package.

Servers need to be told only `site/`: the repository's root, where the apps live, is added here.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
