"""Every reason that the program gives has a sentence for whoever reads it."""

import ast
from pathlib import Path

from notifications.explanations import EXPLANATIONS

ROOT = Path(__file__).parents[2]
# Calls that lay a message aside or put on record why.
WRITERS = {"withdraw", "withdraw_all", "withdraw_bulk", "withdraw_reminders", "drop", "drop_many"}


def given() -> set[tuple[str, str]]:
    """The reasons that stand in the program as words, and the file of each."""
    found = set()
    for house in ("registrations", "notifications", "attendance", "reports"):
        for file in (ROOT / house).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                for word in node.keywords if name in WRITERS else ():
                    if word.arg == "reason" and isinstance(word.value, ast.Constant):
                        found.add((word.value.value, file.name))
    return found


def test_each_reason_is_explained():
    reasons = given()
    assert len(reasons) > 8
    assert {reason for reason, _file in reasons if reason not in EXPLANATIONS} == set()
