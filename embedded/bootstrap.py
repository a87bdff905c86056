"""
The virtual environment: made and filled when needed, with what requirements/ pins.

Standard library only, and any Python from 3.11 on: this runs before anything is installed.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
RUN = ("run.txt", "embedded.txt")
# dev.txt repeats the pins of the other two.
DEV = (*RUN, "dev.txt")
_NEEDED_MIB = {RUN: 500, DEV: 900}


class Stopped(Exception):
    """It cannot go on. The message is a sentence for whoever started us."""

    def __init__(self, sentence: str, *, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


class Step:
    """A progress line of one long step: what is being done, and how long it took."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        self.since = time.monotonic()
        print(f"  · {self.what} …", end="", flush=True)

    def __exit__(self, kind: object, *_rest: object) -> None:
        took = time.monotonic() - self.since
        print(f" {'failed after ' if kind else ''}{took:.1f} s", flush=True)


def environment() -> Path:
    """Where the virtual environment is: .venv, unless YAVKA_VENV names another place."""
    return Path(os.environ.get("YAVKA_VENV") or ROOT / ".venv")


def continue_inside(module: str, arguments: list[str], *, pins: tuple[str, ...]) -> None:
    """
    Return when this is the environment's Python; else fill it and start `module` there.

    :raises Stopped: the environment cannot be made
    """
    venv = environment()
    python = venv / "bin" / "python"
    if Path(sys.prefix).resolve() == venv.resolve() and not _missing(venv, pins):
        return
    if not _is_usable(python):
        _make(venv, pins)
    if missing := _missing(venv, pins):
        _install(venv, missing, pins)
    os.execve(python, [str(python), "-m", module, *arguments], clean_environment())


def clean_environment() -> dict[str, str]:
    """Ours, without what the caller's shell says about another Python or how to run it."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}


def explain(error: OSError) -> Stopped:
    """A failure of the machine as a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Stopped(f"The disk is full: nothing more can be written below {ROOT}.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Stopped(f"{error.filename or ROOT} may not be written by this user.")
    return Stopped(f"The machine refuses: {error}.")


def fail(stopped: Stopped) -> NoReturn:
    print(f"\nYavka: {stopped}", file=sys.stderr, flush=True)
    raise SystemExit(stopped.status)


def require_space(folder: Path, *, mebibytes: int) -> None:
    """:raises Stopped: there is less of it"""
    free = shutil.disk_usage(folder).free // 2**20
    if free < mebibytes:
        raise Stopped(f"The disk is full: {free} MiB are free in {folder}, {mebibytes} are needed.")


def _make(venv: Path, pins: tuple[str, ...]) -> None:
    venv.parent.mkdir(parents=True, exist_ok=True)
    require_space(venv.parent, mebibytes=_NEEDED_MIB[pins])
    if uv := shutil.which("uv"):
        command = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(venv)]
    else:
        if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
            version = f"python{sys.version_info.major}.{sys.version_info.minor}"
            raise Stopped(
                f"This Python cannot make virtual environments. On Debian and Ubuntu: "
                f"apt install {version}-venv",
                status=3,
            )
        command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    with Step(f"Making a virtual environment with Python {sys.version.split()[0]}"):
        _run(command)


def _install(venv: Path, missing: list[str], pins: tuple[str, ...]) -> None:
    python = str(venv / "bin" / "python")
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        command = [python, "-m", "pip", "install", "--quiet", "--no-input"]
        command += ["--disable-pip-version-check", "--no-deps"]
    command.append("--require-hashes")
    # dev.txt holds everything: asking for all three would only look the same pins up thrice.
    files = ["dev.txt"] if "dev.txt" in missing else missing
    for name in files:
        command += ["-r", str(ROOT / "requirements" / name)]
    with Step("Installing the libraries (a minute or two, once)"):
        _run(command)
    note = {name: _hash(name) for name in (pins if "dev.txt" in missing else missing)}
    _note(venv).write_text(json.dumps(_installed(venv) | note))


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=clean_environment()
    )
    if done.returncode:
        said = (done.stderr + done.stdout).strip()
        if "No space left" in said or "Disk quota exceeded" in said:
            raise Stopped("The disk is full: the libraries could not be installed.")
        last = "\n    ".join(said.splitlines()[-6:])
        raise Stopped(f"`{Path(command[0]).name}` failed, this was its answer:\n    {last}")


def _is_usable(python: Path) -> bool:
    """Whether it is there and runs: the Python it was made from may have gone or changed."""
    question = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return not subprocess.run(
            [python, "-I", "-c", question], capture_output=True, check=False
        ).returncode
    except OSError:
        return False


def _missing(venv: Path, pins: tuple[str, ...]) -> list[str]:
    installed = _installed(venv)
    return [name for name in pins if installed.get(name) != _hash(name)]


def _installed(venv: Path) -> dict[str, str]:
    try:
        said: dict[str, str] = json.loads(_note(venv).read_text())
    except (OSError, ValueError):
        return {}
    return said


def _note(venv: Path) -> Path:
    return venv / "yavka-installed.json"


def _hash(name: str) -> str:
    return hashlib.sha256((ROOT / "requirements" / name).read_bytes()).hexdigest()
