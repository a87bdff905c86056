import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest
import redis

from embedded import engines, processes, rootless


@pytest.mark.parametrize("make", [engines.postgresql, engines.valkey])
def test_an_engine_answers_and_stops(make, tmp_path):
    engine = make(tmp_path / "engine", durable=False)
    process = engine.start()
    engine.wait_until_ready(process)
    start = processes.started(process.pid)

    if engine.url.startswith("postgres"):
        with psycopg.connect(engine.url) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("yavka",)
    else:
        assert redis.Redis.from_url(engine.url).ping()
    engine.stop(process)

    assert processes.started(process.pid) != start


@pytest.mark.parametrize("make", [engines.postgresql, engines.valkey])
def test_strangers_on_the_same_machine_are_refused(make, tmp_path):
    engine = make(tmp_path / "engine", durable=False)
    process = engine.start()
    engine.wait_until_ready(process)
    keyless = engine.url.replace(engine.url.split("@")[0].rpartition(":")[2], "wrong")

    with pytest.raises((psycopg.OperationalError, redis.AuthenticationError)):
        psycopg.connect(keyless) if "postgres" in keyless else redis.Redis.from_url(keyless).ping()

    engine.stop(process)


def test_what_was_written_survives_a_restart_and_a_kill(tmp_path):
    for attempt in range(3):
        engine = engines.postgresql(tmp_path / "pg", durable=True)
        process = engine.start()
        engine.wait_until_ready(process)
        with psycopg.connect(engine.url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
            connection.execute("INSERT INTO kept VALUES (%s)", [attempt])
        if attempt:
            engine.stop(process)
        else:
            process.kill()
            process.wait()

    assert attempt == 2
    engine = engines.postgresql(tmp_path / "pg", durable=True)
    process = engine.start()
    engine.wait_until_ready(process)
    with psycopg.connect(engine.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (3,)
    engine.stop(process)


@pytest.mark.parametrize("make", [engines.postgresql, engines.valkey])
def test_files_of_another_version_are_refused_in_words(make, tmp_path):
    make(tmp_path / "engine", durable=True)
    note = tmp_path / "engine" / "engine.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"version": "5"}))

    with pytest.raises(engines.EngineRefused, match=r"written by .* 5, and .* cannot read it"):
        make(tmp_path / "engine", durable=True)


def test_a_named_engine_that_is_not_there_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    monkeypatch.setenv("VALKEY_BIN", str(tmp_path / "none"))

    with pytest.raises(engines.EngineRefused, match="no postgres in it"):
        engines.postgresql(tmp_path / "pg", durable=False)
    with pytest.raises(engines.EngineRefused, match="no such file"):
        engines.valkey(tmp_path / "valkey", durable=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to be dropped")
def test_without_namespaces_root_becomes_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(rootless, "_may_disguise", lambda: False)
    home = tmp_path / "pg"
    tmp_path.chmod(0o700)

    for _ in range(2):  # the second start finds the place that the first one made
        engine = engines.postgresql(home, durable=True)
        process = engine.start()
        engine.wait_until_ready(process)
        with psycopg.connect(engine.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        engine.stop(process)
    place = Path((home / "place").read_text())
    rootless.discard(home)

    assert engine.footing.account is not None
    assert not home.exists()
    assert not place.exists()


@pytest.mark.fault
def test_a_tethered_process_ends_with_its_parent(tmp_path):
    parent = textwrap.dedent("""
        import pathlib, sys, time
        from embedded import processes
        child = processes.start(["sleep", "60"], log=pathlib.Path(sys.argv[1]))
        print(child.pid, flush=True)
        time.sleep(60)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", parent, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    child = int(process.stdout.readline())
    start = processes.started(child)

    process.send_signal(signal.SIGKILL)
    process.wait()

    until = time.monotonic() + 5
    while processes.started(child) == start and time.monotonic() < until:
        time.sleep(0.02)
    assert start
    assert processes.started(child) != start


def test_a_stranger_with_the_same_number_is_left_alone():
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        processes.stop(stranger.pid, "12345 another-boot")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
