"""What Gmail, Outlook and Apple Mail do not understand of our mails, by the tables of caniemail."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from config import ROOT
from tests.factories.campaigns import make_campaign
from tests.samples import make_mail
from tests.test_every_mail import KINDS, Read

LIBRARY = Path(os.environ.get("CANIEMAIL", ROOT / ".tools/node_modules/caniemail/dist/index.js"))

#: What is known not to be understood somewhere, and may be: without it the mail is read as well.
HARMLESS = {
    "@media",  # narrower margins on a telephone
    "<style> element",  # all but @media is inlined
    "<body> element",  # its colours stand on the outer table too
    "display:none",  # the preview is then the first line
    "max-height property",  # of the preview, which display hides
    "overflow",
    "table-layout",
    "border-radius",  # square corners
    "white-space",  # an amount may break in two
    "aria-label attribute",
    "role attribute",
}

pytestmark = pytest.mark.skipif(
    not (LIBRARY.exists() and shutil.which("node")), reason="caniemail is not installed: make services"
)


def test_each_mail_is_understood_where_most_people_read(cooperative, tmp_path):
    written = {}
    for number, kind in enumerate(KINDS):
        language = ("fr", "en")[number % 2]
        mail = make_mail(kind, make_campaign(cooperative, slug=f"campagne-{number}"), language)
        written[f"{kind}.{language}"] = Read(mail).html
    if folder := os.environ.get("KEEP_MAILS"):
        for name, markup in written.items():
            (Path(folder) / f"{name}.html").write_text(markup)
    (tmp_path / "mails.json").write_text(json.dumps(written))
    script = ROOT / "tests" / "can_i_email.mjs"
    done = subprocess.run(
        ["node", script, LIBRARY, tmp_path / "mails.json"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert {title: clients for title, clients in found.items() if title not in HARMLESS} == {}
