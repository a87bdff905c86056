"""
./check: everything that must hold before a change lands, in the order of how quickly it tells.

Needs no running service and no network after the first time. All checks run even when one
has failed; pytest's closing line comes last.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from embedded import bootstrap
from embedded.bootstrap import ROOT, Step, Stopped

# Nothing that checks the code may need a server: only pytest does, and starts its own.
_OFFLINE = {
    "DJANGO_SETTINGS_MODULE": "tests.settings",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./check", description=__doc__)
    parser.add_argument("--long", action="store_true", help="also what takes long: see decisions/")
    parser.add_argument("--quick", action="store_true", help="without the tests")
    parser.add_argument("--seed", type=int, help="make the random tests what they were")
    arguments = parser.parse_args()
    # So that what is running is ended too, and does not go on without us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        bootstrap.continue_inside("embedded.checking", sys.argv[1:], pins=bootstrap.DEV)
        if not arguments.quick:
            _require_chromium()
        failed = [name for name, command in _checks() if not _passes(name, command)]
        if not arguments.quick and not _tests_pass(long=arguments.long, seed=arguments.seed):
            failed.append("pytest")
    except Stopped as stopped:
        bootstrap.fail(stopped)
    except OSError as error:
        bootstrap.fail(bootstrap.explain(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if failed:
        # To the other stream: the last line of this one is pytest's.
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr, flush=True)
        raise SystemExit(1)


def _checks() -> list[tuple[str, list[str]]]:
    python = sys.executable
    manage = [python, "manage.py"]
    return [
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("djlint", [python, "-m", "djlint", "--lint", "--quiet", "."]),
        ("catalogues", [*manage, "catalogue", "--check"]),
        ("import contracts", [python, "-c", _LINT_IMPORTS]),
        ("mypy", [python, "-m", "mypy", "."]),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
        ("system check", [*manage, "check", "--fail-level", "WARNING"]),
        (
            "OpenAPI",
            [*manage, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull],
        ),
    ]


_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"


def _passes(name: str, command: list[str]) -> bool:
    since = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"SECRET_KEY": "check"} | _OFFLINE,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    took = time.monotonic() - since
    print(f"  {'✗' if done.returncode else '✓'} {name} ({took:.0f} s)", flush=True)
    if done.returncode:
        print((done.stdout + done.stderr).strip(), flush=True)
    return not done.returncode


def _tests_pass(*, long: bool, seed: int | None) -> bool:
    # Random lives of a meeting, random clocks: whoever sees one fail can have it again.
    seed = random.randrange(2**32) if seed is None else seed  # noqa: S311  # no secret
    print(f"  Random tests grow from seed {seed} (again with --seed {seed}).", flush=True)
    # By file or class: what it starts (a whole ./run, a browser) is started once. One worker
    # more than the cores there are likely to be: the journeys mostly wait for the post.
    command = [sys.executable, "-m", "pytest", "-q", "-n", "3"]
    command += ["--dist", "loadscope", "--no-loadscope-reorder", f"--hypothesis-seed={seed}"]
    if not long:
        command += ["-m", "not long"]
    return not subprocess.run(command, cwd=ROOT, check=False).returncode


def _require_chromium() -> None:
    """
    The browser journeys need Debian's Chromium; root can have it installed.

    :raises Stopped: it is missing. A journey that is skipped proves nothing.
    """
    if _chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quietly = {"capture_output": True, "check": False}
        with Step("Installing Chromium for the browser journeys"):
            env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(["apt-get", "update"], env=env, **quietly)  # type: ignore[call-overload]  # the same for both
            install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
            subprocess.run(install, env=env, **quietly)  # type: ignore[call-overload]
    if not _chromium():
        raise Stopped("The browser journeys need Chromium: install the package `chromium`.")


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


if __name__ == "__main__":
    main()
