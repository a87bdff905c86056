"""What ./run makes once and keeps: keys, the organizer, the sample; and what it tells about."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from embedded.bootstrap import ROOT, Step, Stopped

ORGANIZER = "organizer@example.org"


def recall(home: Path) -> dict[str, Any]:
    """What is kept, or the keys of a new installation."""
    try:
        known: dict[str, Any] = json.loads((home / "installation.json").read_text())
    except (FileNotFoundError, ValueError):
        known = {
            "secret_key": secrets.token_urlsafe(48),
            "link_key": secrets.token_urlsafe(48),
            "mailbox_secret": secrets.token_urlsafe(18),
            "organizer": {"email": ORGANIZER, "password": secrets.token_urlsafe(9)},
        }
    return known


def keep(home: Path, known: dict[str, Any]) -> None:
    _write(home / "installation.json", known)


def is_prepared(home: Path, known: dict[str, Any]) -> bool:
    """Whether code, database and files are those that were prepared last time."""
    return bool(
        known.get("prepared") == _fingerprint()
        # What others did to a database that is not ours, nobody here can know.
        and known.get("database") == _database() == "embedded"
        and (home / "static").exists()
    )


def prepare(home: Path, known: dict[str, Any], env: dict[str, str]) -> None:
    """
    Bring catalogues, tables and static files up to date; make organizer, token and sample.

    :raises Stopped: one of them failed; with its last words
    """
    if known.get("database") != _database():
        for name in ("api_token", "sample"):
            known.pop(name, None)
        known["database"] = _database()
    with Step("Compiling translations"):
        _manage(env, "catalogue", "--compile")
    with Step("Bringing the database up to date"):
        _manage(env, "migrate", "--verbosity", "0")
    with Step("Collecting pictures, styles and fonts"):
        _manage(env, "collectstatic", "--noinput", "--verbosity", "0")
    organizer = known["organizer"]
    if "api_token" not in known:
        with Step("Making the organizer's account"):
            _manage(env, "create_organizer", organizer["email"], words=organizer["password"])
            answer = _manage(env, "create_api_token", organizer["email"], "--label", "./run")
            known["api_token"] = answer.strip().splitlines()[-1]
        keep(home, known)
    if "sample" not in known:
        with Step("Loading two sample meetings"):
            answer = _manage(env, "load_sample", "--owner", organizer["email"], "--json")
            known["sample"] = json.loads(answer.strip().splitlines()[-1])
    known["prepared"] = _fingerprint()
    keep(home, known)


def publish(home: Path, known: dict[str, Any], env: dict[str, str]) -> str:
    """Write var/run.json for programs, and return the same for people."""
    mailbox = f"http://127.0.0.1:{known['mailbox_ports']['http']}/{known['mailbox_secret']}/"
    run = {
        "url": env["PUBLIC_URL"] + "/",
        "organizer": known["organizer"],
        "api_token": known["api_token"],
        **{k: known["sample"][k] for k in ("meeting", "past_meeting")},
        **{k: _at(known["sample"][k], env) for k in ("desk_links", "press_link")},
        "mailbox": mailbox,
    }
    _write(home / "run.json", run)
    return f"""
  Yavka is running.

    Meetings        {run["url"]}
    Registration    {run["url"]}m/{run["meeting"]}/
    Organizer       {run["url"]}manage/
                    {run["organizer"]["email"]}   password: {run["organizer"]["password"]}
    Desk            {run["desk_links"][0]}
    Press           {run["press_link"]}
    Mailbox         {mailbox}
                    every mail ends here: none leaves this machine
    API             {run["url"]}api/v1/docs/   token: {run["api_token"]}

  The same is in {home / "run.json"}, logs are in {home / "log"}.
  This is for trying, not for production. A phone's camera scans only over TLS or on
  localhost: docs/administrator.md says how to install Yavka for real.
  Ctrl-C stops everything.
"""


def _at(links: Any, env: dict[str, str]) -> Any:
    """The links, at the address this start has: the port may have changed since they were made."""
    if isinstance(links, list):
        return [_at(link, env) for link in links]
    return env["PUBLIC_URL"] + "/" + str(links).split("/", 3)[3]


def _manage(env: dict[str, str], *arguments: str, words: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        input=words,
        capture_output=True,
        text=True,
        check=False,
        env=env,
        cwd=ROOT,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        if "No space left" in said:
            raise Stopped("The disk is full.")
        last = "\n    ".join(said.splitlines()[-4:])
        raise Stopped(f"`manage.py {arguments[0]}` failed, this was its answer:\n    {last}")
    return done.stdout


def _database() -> str:
    """Which database: ours, which is the same one on every port, or the one that was given."""
    given = os.environ.get("DATABASE_URL", "")
    return hashlib.sha256(given.encode()).hexdigest() if given else "embedded"


def _fingerprint() -> str:
    """Of everything that preparing reads: another checkout, another answer."""
    seen = hashlib.sha256()
    paths = [ROOT / "requirements" / "run.txt", ROOT / "config" / "settings.py"]
    for pattern in ("*/migrations/*.py", "*/static/**/*", "*/locale/**/*.po"):
        paths += ROOT.glob(pattern)
    for path in sorted(paths):
        if path.is_file():
            stat = path.stat()
            seen.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    draft.replace(path)
