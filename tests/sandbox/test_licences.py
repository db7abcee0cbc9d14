"""What is installed is pinned with its hashes, and under licences that somebody has read."""

import re

import pytest

from config import ROOT
from sandbox import licences


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_package_that_is_asked_for_is_pinned_and_hashed(name):
    blocks = re.split(r"\n(?=\S)", (ROOT / f"{name}.txt").read_text())
    pins = {re.match(r"[\w.-]+", block)[0].lower().replace("_", "-"): block for block in blocks}
    for block in blocks:
        assert re.match(r"[\w.\[\],-]+==\S+", block), block[:80]
        assert "--hash=sha256:" in block, block[:80]
    asked = [line for line in (ROOT / f"{name}.in").read_text().splitlines() if line and not line.startswith("-r")]
    for line in asked:
        wanted, _, version = re.sub(r"\[.*\]", "", line).lower().partition("==")
        assert f"=={version}" in pins[wanted].split("\n")[0], f"{line}: python -m sandbox.pins"


def test_the_page_of_licences_is_as_it_should_be():
    assert licences.main(["--check"]) == 0


def test_a_licence_that_nobody_has_read_is_named():
    with pytest.raises(licences.Unread, match="a-package"):
        licences._checked("a-package", "Business Source License")
    assert licences._checked("a-package", "BSD License") == "BSD-3-Clause"
