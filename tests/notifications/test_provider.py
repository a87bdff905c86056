"""Mail by a provider's interface: real requests to a real server, in the classes of SMTP."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.models.functions import Now

from notifications import delivery, relay, transport
from notifications.models import Attempt, Message, Relay, State, Suppression
from tests.notifications.hosted import Hosted
from tests.notifications.posting import look, make_due, post, seen
from tests.notifications.scripted import wait_until
from tests.running import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ["postmark", "mailgun", "sendgrid"]


def choose(settings, server):
    settings.EMAIL_TRANSPORT = "api"
    settings.EMAIL_PROVIDER = server.kind
    settings.ANYMAIL = server.keys | {"WEBHOOK_SECRET": "yavka:secret"}
    settings.MAIL_CONNECT_SECONDS = 2
    settings.MAIL_LAST_DOT_SECONDS = 0.6
    settings.MAIL_RATES = {}


@pytest.fixture(params=KINDS)
def provider(request, settings):
    server = Hosted(request.param)
    choose(settings, server)
    yield server
    server.close()


@pytest.fixture
def postmark(settings):
    server = Hosted("postmark")
    choose(settings, server)
    yield server
    server.close()


def test_a_message_is_accepted_and_its_receipt_is_kept(provider):
    message = post("anna", unsubscribe_url="https://example.org/u/", thread="registration:1")

    look()

    assert seen(message) == (State.SENT, "")
    assert (message.attempts, message.subject_line) == (
        1, "Trial message: mail from example.org arrives",
    )  # fmt: skip
    assert Attempt.objects.get().code == (202 if provider.kind == "sendgrid" else 200)
    [(recipient, facts)] = provider.accepted
    assert recipient == "anna@example.org"
    assert message.receipt
    if provider.receipts and provider.kind != "sendgrid":
        assert provider.receipts[0] in message.receipt
    headers = facts["headers"]
    assert headers["message-id"] == f"<{message.message_id}@example.org>"
    assert headers["auto-submitted"] == "auto-generated"
    assert headers["list-unsubscribe"] == "<https://example.org/u/>"
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["in-reply-to"] == headers["references"]
    assert headers["content-language"] == "en"
    assert facts["subject"] == message.subject_line
    assert "example.org" in facts["text"]
    assert "<html" in facts["html"]
    assert f"{message.message_id}@example.org" in str(facts["said"]).replace("h:Message-Id", "")
    if provider.kind == "postmark":
        assert headers["x-pm-keepid"] == "true"
        assert (facts["said"]["TrackOpens"], facts["said"]["TrackLinks"]) == (False, "None")


def test_one_connection_serves_the_whole_drain(provider):
    for number in range(25):
        post(f"guest{number}")

    look()

    assert len(set(provider.recipients())) == len(provider.accepted) == 25
    assert provider.connections == 1


def test_a_connection_that_was_idle_is_not_trusted(postmark):
    message = post("anna")
    content = delivery.composing.compose(message, message.created_at)
    envelope = {"sender": "a@example.org", "content": content, "may_speak": lambda: True}

    with transport.line() as line:
        line.send(recipient="first@example.org", **envelope)
        line.send(recipient="second@example.org", **envelope)
        line._used_at -= 60
        line.send(recipient="third@example.org", **envelope)

    assert (len(postmark.accepted), postmark.connections) == (3, 2)


@pytest.mark.parametrize(
    ("script", "state", "reason"),
    [
        ("refused", State.FAILED, "mailbox_unknown"),
        ("400", State.FAILED, "refused"),
        ("413", State.FAILED, "too_large"),
        ("422", State.FAILED, "refused"),
        ("504", State.AMBIGUOUS, "connection_broke"),
        ("hang", State.AMBIGUOUS, "connection_broke"),
        ("drop", State.AMBIGUOUS, "connection_broke"),
        ("unread", State.AMBIGUOUS, "connection_broke"),
        ("drip", State.AMBIGUOUS, "connection_broke"),
    ],
)
def test_every_answer_has_its_meaning(provider, script, state, reason):
    message, neighbour = post(script), post("neighbour")

    look()

    assert seen(message) == (state, reason)
    assert message.attempts == 1
    assert Attempt.objects.get(message=message).outcome == state
    assert seen(neighbour) == (State.SENT, "")
    assert provider.tries[f"{script}@example.org"] == 1


@pytest.mark.parametrize("kind", ["postmark", "mailgun"])
def test_an_acceptance_that_nobody_can_read_is_none(settings, kind):
    server = Hosted(kind)
    choose(settings, server)
    message = post("junk")

    look()
    server.close()

    assert seen(message) == (State.AMBIGUOUS, "connection_broke")


def test_a_refused_recipient_is_not_written_to_any_more(provider):
    post("refused", subjects=["meeting:7", "registration:1"])

    look()

    assert Suppression.objects.get().address == "refused@example.org"
    assert relay.trouble() is None


@pytest.mark.parametrize(
    ("status", "needs_admin"),
    [("401", True), ("402", True), ("403", True), ("404", True), ("elsewhere", True),
     ("429", False), ("503", False)],
)  # fmt: skip
def test_trouble_of_the_account_costs_no_message_an_attempt(provider, status, needs_admin):
    provider.always = status
    messages = [post("first"), post("second")]

    look()
    look()

    assert [seen(m)[0] for m in messages] == [State.QUEUED, State.QUEUED]
    assert [m.attempts for m in messages] == [0, 0]
    trouble = relay.trouble()
    assert (trouble.name, trouble.failures, trouble.needs_admin) == (provider.kind, 1, needs_admin)
    assert sum(provider.tries.values()) == 1


def test_the_patience_that_was_asked_for_is_had(postmark):
    postmark.always = "429"
    post("anna")

    look()

    row = Relay.objects.annotate(now=Now()).get()
    assert timedelta(seconds=590) < row.probe_at - row.now <= timedelta(seconds=600)


def test_one_message_that_breaks_the_provider_does_not_stop_the_others(provider):
    poison = post("500", priority=1)
    messages = [post("first"), post("second")]

    look()
    assert seen(poison) == (State.DEFERRED, "relay_down")
    assert [seen(m)[0] for m in messages] == [State.QUEUED, State.QUEUED]
    # The knock is another message: had it been the same, nobody would ever get anything.
    Relay.objects.update(probe_at=Now())
    look()

    assert [seen(m)[0] for m in messages] == [State.SENT, State.SENT]
    assert relay.trouble() is None
    assert provider.tries["500@example.org"] == 1


def test_while_all_is_broken_each_knock_costs_one_attempt_of_one_message(provider):
    provider.always = "500"
    for number in range(30):
        post(f"guest{number}")

    for _ in range(3):
        look()
        Relay.objects.update(probe_at=Now())

    assert sum(provider.tries.values()) == 3
    assert Message.objects.filter(attempts=0, state=State.QUEUED).count() == 27


def test_a_letter_that_cannot_be_packed_fails_alone(postmark, monkeypatch):
    compose = delivery.composing.compose

    def composing(message, at):
        whole = compose(message, at)
        return whole.replace(b"text/html", b"text/wrong") if message.kind == "odd" else whole

    monkeypatch.setattr(delivery.composing, "compose", composing)
    odd, neighbour = post("odd", kind="odd"), post("neighbour")

    look()

    assert seen(odd) == (State.FAILED, "provider_cannot")
    assert seen(neighbour) == (State.SENT, "")
    assert list(postmark.tries) == ["neighbour@example.org"]


def test_a_name_of_one_meeting_that_the_provider_dislikes_stops_no_other(postmark):
    odd = post("sender", priority=1)
    neighbour = post("neighbour")

    look()
    assert seen(odd) == (State.DEFERRED, "relay_refuses_us")
    assert relay.trouble().needs_admin is True
    Relay.objects.update(probe_at=Now())
    look()

    assert seen(neighbour) == (State.SENT, "")
    assert relay.trouble() is None


def test_nobody_there_is_trouble_of_the_provider(settings, postmark):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings.ANYMAIL |= {"POSTMARK_API_URL": f"http://127.0.0.1:{port}"}
    message = post("anna")

    look()

    assert seen(message) == (State.QUEUED, "relay_down")
    assert (message.attempts, message.phase) == (0, "none")
    assert relay.trouble().needs_admin is False


def test_a_certificate_that_cannot_be_verified_is_told_apart(settings, postmark):
    settings.ANYMAIL |= {"POSTMARK_API_URL": f"https://127.0.0.1:{postmark.port}"}
    message = post("anna")

    look()

    assert seen(message)[0] == State.QUEUED
    assert postmark.tries == {}


def test_before_the_connection_stands_nothing_is_uncertain(settings, postmark):
    """Somebody accepts the connection and never begins TLS: no word of ours was sent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.ANYMAIL |= {"POSTMARK_API_URL": f"https://127.0.0.1:{silent.getsockname()[1]}"}
        settings.MAIL_CONNECT_SECONDS = 0.5
        message = post("anna")
        look()

    assert seen(message) == (State.QUEUED, "relay_down")


@pytest.mark.parametrize(
    ("care", "accepted", "state"), [("a", 2, State.SENT), ("b", 1, State.AMBIGUOUS)]
)
def test_what_hung_is_repeated_once_where_losing_is_worse(provider, care, accepted, state):
    message = post("hang-times-1", care=care)

    look()
    assert (seen(message)[0], message.phase) == (State.AMBIGUOUS, "data")
    make_due(message)
    look()

    assert seen(message)[0] == state
    ids = [facts["headers"]["message-id"] for _, facts in provider.accepted]
    assert ids == [f"<{message.message_id}@example.org>"] * accepted


def test_a_message_taken_from_us_while_we_connect_is_not_sent(postmark):
    message = post("anna")
    batch = delivery.claim()
    Message.objects.update(state="withdrawn", lease_until=None)

    with transport.line() as line:
        delivery._deliver(batch, line, knocks=False)

    assert postmark.tries == {}
    assert seen(message)[0] == State.WITHDRAWN


def test_the_row_says_that_words_are_on_the_wire_before_they_are(postmark):
    phases = []
    answer = postmark.answer

    def looking(talk):
        phases.append(Message.objects.get().phase)
        answer(talk)

    postmark.answer = looking
    post("anna")
    look()

    assert phases == ["data"]


def test_a_worker_killed_in_between_leaves_it_uncertain_and_one_repeats_it(settings, provider):
    """The worker is a process; it dies while the provider, who took the mail, is silent."""
    message = post("hang-times-1")
    database = settings.DATABASES["default"]
    url = (
        f"postgres://{database['USER']}:{database.get('PASSWORD') or ''}@{database['HOST']}"
        f":{database['PORT']}/{database['NAME']}"
    )
    variables = {
        "DATABASE_URL": url, "EMAIL_TRANSPORT": "api", "EMAIL_PROVIDER": provider.kind,
        "MAIL_LEASE_SECONDS": "60", "MAIL_EPOCH": "tests", "MAIL_RATES": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    } | {f"ANYMAIL_{name}": value for name, value in provider.keys.items()}  # fmt: skip
    code = "import django; django.setup(); from notifications import delivery; delivery.drain()"
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ | variables)
    wait_until(lambda: provider.accepted, seconds=30)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)

    Message.objects.update(lease_until=Now())
    look()
    assert seen(message) == (State.AMBIGUOUS, "worker_lost")
    make_due(message)
    look()

    assert seen(message) == (State.SENT, "")
    assert message.possible_duplicate is True
    assert len(provider.accepted) == 2


def test_a_slow_connection_ends_in_time(postmark, settings):
    began = time.monotonic()
    post("drip")

    look()

    assert time.monotonic() - began < 5


def test_rates_hold_for_the_provider(postmark, settings):
    settings.MAIL_RATES = {"relay": 6}
    messages = [post(f"guest{number}") for number in range(3)]

    look()

    assert sorted(seen(m)[0] for m in messages) == [State.QUEUED, State.QUEUED, State.SENT]


def test_the_provider_gets_its_key(provider):
    post("anna")
    look()

    expected = {"postmark": "key", "mailgun": "Basic YXBpOmtleQ==", "sendgrid": "Bearer key"}
    assert provider.authorized == [expected[provider.kind]]


# --- what is missing is said at once --------------------------------------------------


@pytest.mark.parametrize(
    ("transport_name", "provider_name", "said"),
    [
        ("smtp", "", ""),
        ("pigeon", "", "EMAIL_TRANSPORT is “pigeon”: choose smtp or api."),
        ("api", "pigeon", "EMAIL_PROVIDER is “pigeon”: choose one of brevo, mailersend,"),
        ("api", "postmark", "Postmark wants a key: set ANYMAIL_POSTMARK_SERVER_TOKEN, or"),
        ("api", "unisender_go", "UniSender Go wants a key: set ANYMAIL_UNISENDER_GO_API_KEY, or"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(settings, transport_name, provider_name, said):
    settings.EMAIL_TRANSPORT, settings.EMAIL_PROVIDER = transport_name, provider_name
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}

    assert said in transport.problem()
    if not said:
        assert transport.problem() == ""
        call_command("check", stdout=StringIO())
        return
    with pytest.raises(SystemCheckError, match=re.escape(said)):
        call_command("check")
    with pytest.raises(SystemCheckError, match=re.escape(said)):
        call_command("migrate", "--plan", skip_checks=False)


def test_a_worker_without_a_key_does_not_start():
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings", "EMAIL_TRANSPORT": "api",
        "EMAIL_PROVIDER": "postmark", "REDIS_URL": "redis://127.0.0.1:1/0",
    }  # fmt: skip
    worker = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--pool", "solo"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert worker.returncode != 0
    assert "Postmark wants a key: set ANYMAIL_POSTMARK_SERVER_TOKEN" in worker.stderr


@pytest.mark.parametrize("name", sorted(transport.PROVIDERS))
def test_every_provider_of_the_table_can_be_made(settings, name):
    """With every key that it asks for; the list grows until it asks for none."""
    settings.EMAIL_TRANSPORT, settings.EMAIL_PROVIDER = "api", name
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}
    while said := transport.problem():
        key = re.search(r"ANYMAIL_(\w+)", said).group(1)
        assert key not in settings.ANYMAIL
        settings.ANYMAIL |= {key: "https://127.0.0.1/" if key.endswith("URL") else "key"}

    with transport.line() as line:
        assert line._open() is not None


def test_keys_come_from_the_environment_or_from_files(tmp_path):
    (tmp_path / "key").write_text("from a file\n")
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ANYMAIL_MAILGUN_SENDER_DOMAIN": "mg.example.org",
        "ANYMAIL_POSTMARK_SERVER_TOKEN_FILE": str(tmp_path / "key"),
    }  # fmt: skip
    (tmp_path / "json").write_text('{"MAILGUN_API_KEY": "json"}')
    env = {key: value for key, value in env.items() if key != "ANYMAIL"} | {
        "ANYMAIL_FILE": str(tmp_path / "json")
    }  # fmt: skip
    ask = "from django.conf import settings; print(sorted(settings.ANYMAIL.items()))"
    said = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == str([
        ("MAILGUN_API_KEY", "json"), ("MAILGUN_SENDER_DOMAIN", "mg.example.org"),
        ("POSTMARK_SERVER_TOKEN", "from a file"), ("WEBHOOK_SECRET", ""),
    ])  # fmt: skip


def test_tls_is_watched_too(settings, tmp_path, monkeypatch):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out",
         str(certificate), "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Hosted("postmark", tls=context)
    choose(settings, server)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    message, hanging = post("anna"), post("hang")

    look()
    server.close()

    assert seen(message) == (State.SENT, "")
    assert seen(hanging) == (State.AMBIGUOUS, "connection_broke")
    assert server.connections == 1
