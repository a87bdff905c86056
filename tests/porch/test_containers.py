"""The containers, without Docker: their files are checked, their commands run as processes."""

import os
import shutil
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml

from embedded import engines
from tests.running import ROOT, free_port

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
BIN = Path(sys.prefix) / "bin"


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.compose-spec", "docker-compose.yml"),
        ("vendor.github-workflows", ".github/workflows/ci.yml"),
    ],
)
def test_the_file_keeps_to_its_schema(schema, file):
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", schema, file],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_has_no_findings():
    done = subprocess.run(
        [BIN / "hadolint", "--no-color", "Dockerfile"], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_shell_script_parses():
    for script in ("docker/backup", "docker/make-secrets", "run", "check", "embedded/python"):
        subprocess.run(["sh", "-n", ROOT / script], check=True)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_no_more_than_it_must(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert not service.get("privileged")


def test_only_the_web_port_is_open_and_on_loopback():
    open_ports = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}

    assert set(open_ports) == {"web", "mailpit"}
    assert SERVICES["mailpit"]["profiles"] == ["dev"]
    assert all(port.startswith("127.0.0.1:") for ports in open_ports.values() for port in ports)


def test_no_secret_is_in_the_file():
    for name, service in SERVICES.items():
        for variable, value in (service.get("environment") or {}).items():
            if any(word in variable for word in ("PASSWORD", "KEY", "DATABASE_URL", "EMAIL_URL")):
                assert variable.endswith("_FILE"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"], (name, variable)
    assert all(s["file"].startswith("./secrets/") for s in COMPOSE["secrets"].values())


def test_whoever_must_wait_waits():
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }
        assert "healthcheck" in SERVICES[name]
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert "healthcheck" in SERVICES["postgres"]
    assert "healthcheck" in SERVICES["redis"]


def test_any_setting_can_be_given_to_all_of_ours():
    for name in OURS:
        assert SERVICES[name]["env_file"] == [{"path": "./secrets/settings.env", "required": False}]


def test_secrets_are_made_once(tmp_path):
    shutil.copytree(ROOT / "docker", tmp_path / "docker")
    make = [tmp_path / "docker" / "make-secrets", "https://meetings.example.org"]

    subprocess.run(make, check=True, capture_output=True)
    first = {f.name: f.read_text() for f in (tmp_path / "secrets").iterdir()}
    subprocess.run(make, check=True, capture_output=True)

    assert first == {f.name: f.read_text() for f in (tmp_path / "secrets").iterdir()}
    assert set(first) == {*COMPOSE["secrets"], "settings.env"}
    assert len({first["secret_key"], first["link_key"], first["postgres_password"]}) == 3
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert "DEFAULT_FROM_EMAIL=meetings@meetings.example.org" in (tmp_path / ".env").read_text()


def context() -> list[str]:
    """The files that .dockerignore lets into the image."""
    rules = (ROOT / ".dockerignore").read_text().split()
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    kept_out = [rule.removeprefix("**/") for rule in rules if rule.startswith("**/")]
    return [
        file
        for file in tracked
        if any(file == rule or file.startswith(f"{rule}/") for rule in let_in)
        and not any(fnmatch(part, rule) for part in Path(file).parts for rule in kept_out)
        and (ROOT / file).exists()
    ]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The tree as it is in the image, with what the Dockerfile makes in it."""
    tree = tmp_path_factory.mktemp("image")
    for file in context():
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tree / file)
    env = bare() | {"SECRET_KEY": "build", "DATABASE_URL": "postgres://build@127.0.0.1/build"}
    env["STATIC_ROOT"] = str(tree / "static")
    for command in (["catalogue", "--compile"], ["collectstatic", "--noinput"]):
        assert f"manage.py {' '.join(command)}" in (ROOT / "Dockerfile").read_text()
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=tree, env=env, check=True,
            capture_output=True,
        )  # fmt: skip
    return tree


def bare() -> dict[str, str]:
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HOME": "/nonexistent",
    }


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """The queue's very command, with the engine that is here."""
    home, port = tmp_path_factory.mktemp("queue"), free_port()
    _, *options = SERVICES["redis"]["command"]
    place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
    process = subprocess.Popen(
        [engines.valkey_binary(), *options, *place], stdout=subprocess.DEVNULL
    )
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def database_url():
    server = os.environ["TEST_DATABASE_URL"]
    name = f"yavka_containers_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def settings_of_services(image, redis_url, database_url, tmp_path_factory):
    """What compose gives to our services, its secrets as files."""
    home = tmp_path_factory.mktemp("secrets")
    secrets = {
        "database_url": database_url,
        "email_url": "smtp://127.0.0.1:1",
        "link_key": "links",
        "secret_key": "key",
    }
    env = bare() | {
        "STATIC_ROOT": str(image / "static"),
        "VAR_DIR": str(tmp_path_factory.mktemp("files")),
        "PUBLIC_URL": "https://meetings.example.org",
        "DEFAULT_FROM_EMAIL": "meetings@example.org",
    }
    for variable, value in SERVICES["web"]["environment"].items():
        if variable.endswith("_FILE"):
            secret = home / value.removeprefix("/run/secrets/")
            secret.write_text(secrets[secret.name])
            env[variable] = str(secret)
    return env | {"REDIS_URL": redis_url}


@pytest.mark.journey
def test_every_service_runs_and_says_that_it_is_healthy(image, settings_of_services, tmp_path):
    port = str(free_port())
    env = settings_of_services | {"PORT": port}

    def command(name):
        words = [w.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for w in SERVICES[name]["command"]]
        return [w.replace("/tmp/beat", str(tmp_path / "beat")) for w in words]

    def is_healthy(name):
        _, *check = SERVICES[name]["healthcheck"]["test"]
        return not subprocess.run(check, cwd=image, env=env, capture_output=True).returncode

    subprocess.run(command("migrate"), cwd=image, env=env, check=True, capture_output=True)
    assert not is_healthy("worker")
    log = (tmp_path / "log").open("w+")
    running = [
        subprocess.Popen(command(name), cwd=image, env=env, stdout=log, stderr=log)
        for name in ("web", "worker", "beat")
    ]
    try:
        until = time.monotonic() + 60
        waiting = {"web", "worker", "beat"}
        while waiting and time.monotonic() < until:
            # To ask starts a program as large as those that are starting: not too often.
            time.sleep(2)
            waiting = {name for name in waiting if not is_healthy(name)}
            assert all(process.poll() is None for process in running), (
                tmp_path / "log"
            ).read_text()
        assert not waiting, (tmp_path / "log").read_text()
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)


@pytest.mark.journey
def test_the_backup_service_writes_a_dump_that_can_be_read(database_url, tmp_path):
    programs = engines.postgresql_bindir()
    env = bare() | {"DATABASE_URL": database_url}
    env["PATH"] = f"{programs}:{env['PATH']}"
    _, _, _ = SERVICES["backup"]["command"]
    command = ["sh", ROOT / "docker" / "backup", tmp_path]
    for day in range(15):
        (tmp_path / f"yavka-202601{day:02}T000000Z.dump").touch()

    subprocess.run([*command, "--once"], env=env, check=True, capture_output=True)

    newest = max(tmp_path.glob("*.dump"))
    assert len(list(tmp_path.glob("*.dump"))) == 14
    listing = subprocess.run(
        ["pg_restore", "--list", newest], env=env, capture_output=True, text=True, check=True
    )
    assert "PostgreSQL" in listing.stdout or "Archive" in listing.stdout


def test_the_dockerfile_starts_what_compose_starts():
    said = (ROOT / "Dockerfile").read_text().splitlines()[-1]

    assert yaml.safe_load(said.removeprefix("CMD ")) == SERVICES["web"]["command"]
    assert {SERVICES[name]["image"] for name in OURS} == {"yavka"}
