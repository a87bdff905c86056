import ast
import re
import sys
from importlib.metadata import packages_distributions

from tests.running import ROOT

HOUSES = (
    "config", "accounts", "events", "notifications", "registrations", "attendance", "badges",
    "reports",
)  # fmt: skip


def pinned(name):
    text = (ROOT / "requirements" / name).read_text()
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", text, re.MULTILINE))


def imported(tree):
    """Top packages that a module imports when it runs, not when it is only checked."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        else:
            yield from imported(node)


def test_a_server_has_every_library_that_is_imported():
    owners = packages_distributions()
    asked = (ROOT / "requirements" / "run.in").read_text().lower()
    wanted = {
        (package, file.relative_to(ROOT).as_posix())
        for house in HOUSES
        for file in (ROOT / house).rglob("*.py")
        for package in imported(ast.parse(file.read_text()))
        if package not in sys.stdlib_module_names and package not in HOUSES
    }

    missing = {
        (package, file)
        for package, file in wanted
        if not any(
            re.search(rf"^{re.escape(name.lower())}\b", asked, re.MULTILINE)
            for name in owners.get(package, [])
        )
    }

    assert missing == set()


def test_the_developers_versions_are_those_of_the_server():
    everything = pinned("dev.txt")

    for name in ("run.txt", "embedded.txt"):
        assert pinned(name).items() <= everything.items(), name


def test_everything_is_pinned_by_hash_and_names_no_registry():
    for name in ("run.txt", "embedded.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        assert "://" not in text
        assert "--index-url" not in text
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in block, block
