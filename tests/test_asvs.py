"""docs/asvs.md: level 1 is answered whole, and what an answer points to is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = (ROOT / "docs" / "asvs.md").read_text()

#: The requirements of level 1 in version 5.0.0.
LEVEL_1 = re.findall(
    r"[\d.]+",
    """
    1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1 3.4.2
    3.5.1 3.5.2 3.5.3 4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7
    6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2
    9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1 11.3.2 11.4.1 12.1.1 12.2.1 12.2.2 13.4.1 14.2.1
    14.3.1 15.1.1 15.2.1 15.3.1
    """,
)
ANSWERS = {"yes", "platform", "operator", "partly", "no", "n/a"}

ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TABLE.splitlines() if re.match(r"\| \d", line)]


def test_level_1_is_answered_whole():
    answered = [row[0] for row in ROWS if row[1] == "1"]
    assert sorted(answered) == sorted(LEVEL_1)


def test_every_line_has_an_answer_and_says_where_it_stands():
    assert {row[3] for row in ROWS} == ANSWERS
    assert [row[0] for row in ROWS if row[3] not in ("n/a", "no") and "](" not in row[5]] == []
    assert [row[0] for row in ROWS if row[3] in ("no", "partly") and not row[4]] == []
    assert [row[0] for row in ROWS if row[1] == "1" and row[3] == "no"] == []


def test_level_2_is_answered_nearly_whole():
    answers = [row[3] for row in ROWS if row[1] == "2"]
    assert len(answers) >= 150
    assert answers.count("no") <= 3


def test_each_link_leads_somewhere():
    targets = {target for row in ROWS for target in re.findall(r"\]\(([^)]+)\)", row[5])}
    assert sorted(target for target in targets if not (ROOT / "docs" / target).exists()) == []
