import os
import re
import subprocess
import sys

from tests.running import ROOT

NAMES = re.compile(r"""(?:env(?:\.\w+)?|environ\.get)\(\s*"([A-Z_]+)\"""")


def test_every_variable_that_is_read_is_in_the_documentation():
    read = set()
    for file in ("config/settings.py", "config/gunicorn.py"):
        read |= set(NAMES.findall((ROOT / file).read_text()))
    said = set(re.findall(r"`([A-Z_]{4,})`", (ROOT / "docs" / "settings.md").read_text()))

    assert len(read) > 15
    assert read - said == set()


def told(name, **variables):
    """What the installation's settings make of these variables."""
    env = os.environ | variables | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    ask = f"from django.conf import settings; print(settings.{name})"
    return subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_sign_in_believes_as_many_proxies_as_everything_else():
    assert told("ALLAUTH_TRUSTED_PROXY_COUNT", TRUSTED_PROXIES="2") == "2"


def test_a_secret_may_be_a_file(tmp_path):
    (tmp_path / "key").write_text("from a file")
    env = {k: v for k, v in os.environ.items() if k not in ("SECRET_KEY", "LINK_KEY")}
    env |= {"SECRET_KEY_FILE": str(tmp_path / "key"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    ask = "from django.conf import settings; print(settings.SECRET_KEY, settings.LINK_KEY, sep='|')"

    said = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )

    assert said.stdout == "from a file|from a file\n"


def test_a_mail_server_on_this_machine_sets_its_own_pace():
    assert told("MAIL_RATES", EMAIL_URL="smtp://127.0.0.1:25") == "{}"
    assert "'relay': 3000.0, 'mail.ru': 600.0" in told(
        "MAIL_RATES", EMAIL_URL="smtp+tls://mail.example.org:587"
    )
    assert (
        told("MAIL_RATES", EMAIL_URL="smtp://localhost", MAIL_RATES="mail.ru=60,other=1.5")
        == "{'mail.ru': 60.0, 'other': 1.5}"
    )
