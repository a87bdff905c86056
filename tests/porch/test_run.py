"""./run as a stranger meets it: real processes, real engines, killed and started again."""

import json
import os
import signal
import smtplib
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from embedded import processes, supervision
from tests.running import ROOT, Running

pytestmark = [pytest.mark.journey, pytest.mark.fault]


@pytest.fixture(scope="module")
def yavka(tmp_path_factory):
    it = Running(tmp_path_factory.mktemp("run") / "var")
    it.start()
    yield it
    it.stop()


def ask(url, token=""):
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except urllib.error.URLError:
        return 0, b""  # nobody listens


def wait_for(condition, within=20):
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_it_tells_programs_and_people_where_everything_is(yavka):
    known = yavka.known

    assert stat.S_IMODE((yavka.home / "run.json").stat().st_mode) == 0o600
    assert set(known) == {
        "url", "organizer", "api_token", "meeting", "past_meeting",
        "desk_links", "press_link", "mailbox",
    }  # fmt: skip
    assert known["organizer"]["password"] in yavka.output.read_text()
    for page in (known["url"], known["mailbox"], f"{known['url']}m/{known['meeting']}/"):
        assert ask(page)[0] == 200, page
    for page in [*known["desk_links"], known["press_link"]]:
        assert ask(page)[0] == 200, page
    assert ask(f"{known['url']}api/v1/meetings/", known["api_token"])[0] == 200


def test_a_second_one_in_the_same_folder_is_refused_in_a_sentence(yavka):
    twin = subprocess.run(**yavka.command(), capture_output=True, text=True, timeout=30)

    assert twin.returncode == 1
    assert "already running in this folder" in twin.stderr
    assert "Traceback" not in twin.stderr


def test_a_port_in_use_is_said_in_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        it = Running(tmp_path / "var", port=taken.getsockname()[1])
        refused = subprocess.run(**it.command(), capture_output=True, text=True, timeout=30)

    assert refused.returncode == 1
    assert f"Port {it.port} is in use" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_named_engine_that_is_missing_is_said_in_a_sentence(tmp_path):
    command = Running(tmp_path / "var").command()
    command["env"]["PG_BINDIR"] = str(tmp_path)

    refused = subprocess.run(**command, capture_output=True, text=True, timeout=30)

    assert refused.returncode == 1
    assert "there is no postgres in it" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_fresh_asks_first(yavka, tmp_path):
    it = Running(tmp_path / "var")
    (it.home / "mail").mkdir(parents=True)

    refused = subprocess.run(
        **it.command("--fresh"), capture_output=True, text=True, stdin=subprocess.DEVNULL
    )

    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert (it.home / "mail").exists()


def test_help_needs_nothing(tmp_path):
    command = Running(tmp_path / "var").command("--help")
    command["env"]["YAVKA_VENV"] = str(tmp_path / "none")

    answer = subprocess.run(**command, capture_output=True, text=True)

    assert answer.returncode == 0
    assert "--fresh" in answer.stdout
    assert not (tmp_path / "none").exists()


def test_an_old_python_is_named_in_a_sentence(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    for name in ("dirname",):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")

    refused = subprocess.run(
        [ROOT / "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    assert refused.returncode == 3
    assert refused.stderr == (
        "Yavka needs Python 3.11 or newer, and there is none here: Python 3.9.2.\n"
    )


def test_every_mail_ends_in_the_mailbox(yavka):
    known = yavka.known
    kept = json.loads((yavka.home / "installation.json").read_text())

    mail = "Subject: Проба\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nПривет\r\n"
    with smtplib.SMTP("127.0.0.1", kept["mailbox_ports"]["smtp"]) as smtp:
        smtp.sendmail("a@example.org", ["b@example.org"], mail.encode(), ["SMTPUTF8"])

    found = json.loads(ask(known["mailbox"] + "messages.json?to=b@example.org")[1])
    assert [mail["subject"] for mail in found] == ["Проба"]
    assert "Проба" in ask(known["mailbox"])[1].decode()
    assert "Привет" in ask(known["mailbox"] + found[0]["id"])[1].decode()
    assert b"Subject" in ask(known["mailbox"] + found[0]["id"] + ".eml")[1]
    assert ask(known["mailbox"].rsplit("/", 2)[0] + "/guess/")[0] == 404


def test_each_child_that_is_killed_is_started_again(yavka):
    before = yavka.children()
    assert set(before) == {"gunicorn", "worker", "beat", "mailbox", "postgres", "valkey"}

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    wait_for(lambda: set(yavka.children()) == set(before))
    after = yavka.children()
    assert not set(before.values()) & set(after.values())
    wait_for(lambda: ask(yavka.known["url"] + "readyz")[0] == 200)
    wait_for(lambda: ask(yavka.known["mailbox"])[0] == 200)


def test_a_killed_supervisor_leaves_nothing_the_next_start_cannot_take_over(yavka):
    known = yavka.known
    yavka.process.kill()
    yavka.process.wait()

    yavka.start()

    # The same installation: the key of the first start still opens it.
    assert yavka.known == known
    assert ask(f"{known['url']}api/v1/meetings/", known["api_token"])[0] == 200


def test_stopping_ends_everything_it_started_and_nothing_else(yavka):
    bystander = subprocess.Popen(["sleep", "60"])
    left = [(pid, processes.started(pid)) for pid in supervision.marked(yavka.home)]

    took = yavka.stop(signal.SIGINT)

    assert took < 15
    assert yavka.process.returncode == 0
    assert left
    assert not [pid for pid, start in left if processes.started(pid) == start]
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()
