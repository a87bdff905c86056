"""Mail servers that refuse, answer oddly, hang or vanish (F08 to F13): who is to blame."""

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from notifications import health, rates, relay
from notifications.models import Attempt, Message, Relay, State
from tests.faults.proxy import Fault, Proxy
from tests.notifications.posting import look, make_due, post, seen

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def line(settings, server):
    """The bad network before the mail server."""
    proxy = Proxy(server.port, seed=1)
    settings.EMAIL_PORT = proxy.port
    yield proxy
    proxy.close()


def knock():
    Relay.objects.update(probe_at=Now())
    look()


# --- F08: no mail server for two hours ----------------------------------------------


def test_two_hours_without_a_mail_server_cost_nobody_an_attempt(
    settings, monkeypatch, server, line
):  # fmt: skip
    kinds = ["announcement", "reminder", "called_off", "confirmed"]
    messages = [post(f"{kind}-{n}", kind=kind) for kind in kinds for n in range(5)]
    line.refuse()

    look()
    # 15 s, 30 s, 1, 2, 4, then 22 times 5 minutes: two hours.
    for _ in range(27):
        knock()
    now = health.look()

    assert {(seen(m)[0], m.attempts) for m in messages} == {(State.QUEUED, 0)}
    assert relay.trouble().failures == 28
    assert now.needs == ["relay_down"]
    assert sum(lane.due for lane in now.lanes) == 20

    # And when it is back, it is not run over, and the urgent ones are first.
    settings.MAIL_RATES = {"relay": 0.01}
    monkeypatch.setattr(rates, "BURST_SECONDS", 7 * 60 / 0.01)
    line.listen()
    knock()

    assert relay.trouble() is None
    taken = [recipient.partition("-")[0] for recipient in server.recipients()]
    assert taken == ["confirmed"] * 5 + ["called_off"] * 2

    settings.MAIL_RATES = {}
    look()
    taken = [recipient.partition("-")[0] for recipient in server.recipients()]
    assert taken == [kind for kind in reversed(kinds) for _ in range(5)]


# --- F09: greylisting ---------------------------------------------------------------


def test_greylisting_for_five_minutes_is_waited_out_within_a_quarter_of_an_hour(server):
    message, waited = post("rcpt-451-4.7.1-times-2"), timedelta()

    for _ in range(3):
        look()
        message.refresh_from_db()
        if message.state == State.DEFERRED:
            last = Attempt.objects.filter(message=message).latest("pk")
            waited += message.not_before - last.ended_at
            make_due(message)

    assert seen(message)[0] == State.SENT
    assert message.attempts == 3
    assert timedelta(minutes=5) < waited < timedelta(minutes=15)


# --- F10: what every answer means ---------------------------------------------------

WAITS, SOON, FULL = (
    (State.QUEUED, ""),
    (State.DEFERRED, "try_later"),
    (State.DEFERRED, "mailbox_full"),
)
UNKNOWN, REFUSED = (State.FAILED, "mailbox_unknown"), (State.FAILED, "refused")
UNCERTAIN, SENT = (State.AMBIGUOUS, "connection_broke"), (State.SENT, "")
AUTH = "250-scripted\r\n250 AUTH PLAIN LOGIN"


@pytest.mark.parametrize(
    ("stage", "answer", "outcome", "needs"),
    [
        ("greeting", "421 4.3.2 busy", WAITS, "relay_down"),
        ("greeting", "554 no service", WAITS, "relay_down"),
        ("ehlo_answer", "451 later", WAITS, "relay_down"),
        ("ehlo_answer", "550 go away", WAITS, "relay_down"),
        ("auth_answer", "454 4.7.0 later", WAITS, "relay_down"),
        ("auth_answer", "535 5.7.8 wrong", WAITS, "relay_settings"),
        ("auth_answer", "534 5.7.9 too weak", WAITS, "relay_settings"),
        ("mail_answer", "451 4.3.0 later", WAITS, "relay_down"),
        ("mail_answer", "530 5.7.0 log in first", WAITS, "relay_settings"),
        ("mail_answer", "550 5.7.1 sender refused", WAITS, "relay_settings"),
        ("rcpt_answer", "421 4.3.2 bye", WAITS, "relay_down"),
        ("rcpt_answer", "450 4.2.0 later", SOON, None),
        ("rcpt_answer", "451 4.7.1 greylisted", SOON, None),
        ("rcpt_answer", "452 4.2.2 full", FULL, None),
        ("rcpt_answer", "550 5.1.1 nobody", UNKNOWN, None),
        ("rcpt_answer", "550 5.7.1 policy", REFUSED, None),
        ("rcpt_answer", "552 5.2.2 full", FULL, None),
        ("rcpt_answer", "554 5.7.1 policy", REFUSED, None),
        ("rcpt_answer", "550-5.1.1 there is\r\n550 5.1.1 nobody", UNKNOWN, None),
        ("rcpt_answer", "550 5.1.1 нет такого ящика \udcff", UNKNOWN, None),
        ("rcpt_answer", "550", UNKNOWN, None),
        ("rcpt_answer", "299 odd, but well", SENT, None),
        ("dot_answer", "451 4.3.0 later", SOON, None),
        ("dot_answer", "552 5.3.4 too large", (State.FAILED, "too_large"), None),
        ("dot_answer", "554 5.7.1 spam", REFUSED, None),
        ("dot_answer", "299 odd, but well", SENT, None),
        ("dot_answer", "199 what?", UNCERTAIN, "uncertain"),
    ],
)  # fmt: skip
def test_every_answer_at_every_stage_has_its_class(settings, server, stage, answer, outcome, needs):
    if stage == "auth_answer":
        server.ehlo_answer = AUTH
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "yavka", "secret"
    setattr(server, stage, answer)
    message = post("anna")

    look()

    state, reason = seen(message)
    assert (state, reason if outcome is not WAITS else "") == outcome
    assert message.attempts == (0 if outcome is WAITS else 1)
    assert health.look().needs == [needs] * bool(needs)


def test_a_certificate_that_cannot_be_verified_is_a_matter_of_settings(settings, server, tmp_path):
    import ssl  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    key, certificate = tmp_path / "key", tmp_path / "certificate"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-subj", "/CN=mail", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.tls = context
    settings.EMAIL_USE_SSL = True
    message = post("anna")

    look()

    assert seen(message)[0] == State.QUEUED
    assert health.look().needs == ["relay_settings"]


# --- F11: hangs ---------------------------------------------------------------------


@pytest.mark.parametrize("where", ["banner", "TLS handshake", "STARTTLS"])
def test_a_server_that_hangs_before_the_mail_costs_a_timeout_and_no_attempt(
    settings, server, where
):  # fmt: skip
    if where == "STARTTLS":
        server.ehlo_answer = "250-scripted\r\n250 STARTTLS"
        settings.EMAIL_USE_TLS = True
    else:
        server.greeting = "hang"
        settings.EMAIL_USE_SSL = where == "TLS handshake"
    settings.EMAIL_TIMEOUT = settings.MAIL_CONNECT_SECONDS = 0.5
    messages = [post("anna"), post("boris")]
    since = time.monotonic()

    look()

    assert time.monotonic() - since < 8
    assert [(*seen(m), m.attempts) for m in messages][1] == (State.QUEUED, "", 0)
    assert [m.attempts for m in messages] == [0, 0]
    assert health.look().needs == ["relay_down"]


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("hang-rcpt", State.DEFERRED),
        ("hang-data", State.AMBIGUOUS),
        ("hang-dot", State.AMBIGUOUS),
    ],
)
def test_a_hang_in_one_mail_leaves_the_others_alone(settings, server, script, state):
    settings.EMAIL_TIMEOUT = settings.MAIL_LAST_DOT_SECONDS = 0.5
    hung = post(script, kind="confirmed")
    others = [post(f"guest{n}", kind="announcement") for n in range(10)]
    since = time.monotonic()

    look()

    assert time.monotonic() - since < 8
    assert seen(hung)[0] == state
    assert {seen(m)[0] for m in others} == {State.SENT}


def test_a_line_that_swallows_everything_is_the_servers_trouble(settings, line):
    settings.EMAIL_TIMEOUT = settings.MAIL_CONNECT_SECONDS = 0.5
    line.fault = Fault(blackhole=True)
    message = post("anna")

    look()
    assert (seen(message)[0], message.attempts) == (State.QUEUED, 0)

    line.fault = Fault(delay=0.02, bytes_per_second=200_000)
    knock()
    assert seen(message)[0] == State.SENT


# --- F12: the connection breaks around the text -------------------------------------


@pytest.mark.parametrize("how", ["fin", "rst", "half"])
@pytest.mark.parametrize("swallows", [True, False], ids=["not taken", "taken"])
def test_what_must_arrive_is_said_once_more_under_its_name(server, line, how, swallows):
    line.fault = Fault(cut_on=rb"\r\n\.\r\n", how=how, swallows=swallows)
    message = post("anna")
    look()
    assert seen(message) == (State.AMBIGUOUS, "connection_broke")
    # Not before a quarter of an hour, which is in the row and not in a clock.
    look()
    assert seen(message)[0] == State.AMBIGUOUS

    line.fault = Fault()
    make_due(message)
    look()

    assert seen(message)[0] == State.SENT
    assert message.possible_duplicate
    name = f"Message-ID: <{message.message_id}@".encode()
    assert [name in words for _, words in server.accepted] == [True] * (1 if swallows else 2)


def test_what_must_not_be_doubled_waits_for_a_person(server, line):
    line.fault = Fault(cut_on=rb"\r\n\.\r\n", how="rst")
    message = post("anna", kind="announcement")
    for _ in range(3):
        look()
        make_due(message)
    line.fault = Fault()
    look()

    assert seen(message)[0] == State.AMBIGUOUS
    assert len(server.accepted) == 1


@pytest.mark.parametrize("words", [rb"(?i)ehlo", rb"(?i)mail from", rb"(?i)rcpt to"])
def test_a_break_before_the_text_leaves_no_doubt(server, line, words):
    line.fault = Fault(cut_on=words, how="rst")
    message = post("anna")
    look()
    assert seen(message)[0] in (State.QUEUED, State.DEFERRED)
    line.fault = Fault()
    make_due(message)

    knock()

    assert seen(message)[0] == State.SENT
    assert not message.possible_duplicate
    assert len(server.accepted) == 1


# --- F13: trouble at the end of the conversation ------------------------------------


@pytest.mark.parametrize("end", ["junk", "fin", "rst", "hang"])
def test_trouble_at_quit_changes_nothing(server, line, end):
    if end == "junk":
        server.quit_junk = True
    elif end == "hang":
        line.fault = Fault(cut_on=b"(?i)quit", how="half", swallows=True)
    else:
        line.fault = Fault(cut_on=b"(?i)quit", how=end)
    message = post("anna")

    look()
    look()

    assert line.cuts == (0 if end == "junk" else 1)
    assert seen(message) == (State.SENT, "")
    assert len(server.accepted) == 1
    assert not Message.objects.repeated().exists()
