"""What the DNS says of our mail, asked of a name server of our own; nobody else is asked."""

import base64
import re
import socket
import ssl
import time
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from notifications.checking import dkim, dmarc, looking, server, spf
from notifications.checking.asking import Dns, Unasked
from notifications.checking.findings import Verdict
from notifications.models import Message, State
from tests.notifications.hosted import Hosted
from tests.notifications.named import Named
from tests.notifications.posting import look
from tests.notifications.scripted import Scripted

GOOD, UNASKED, WARNS, WRONG = Verdict
KEY_2048 = "v=DKIM1; k=rsa; p=" + base64.b64encode(b"x" * 294).decode()
KEY_1024 = "v=DKIM1; k=rsa; p=" + base64.b64encode(b"x" * 162).decode()
FINE = {
    "example.org TXT": ["unrelated", "v=spf1 mx -all"],
    "mail._domainkey.example.org TXT": [KEY_2048],
    "_dmarc.example.org TXT": ["v=DMARC1; p=quarantine; rua=mailto:x@example.org"],
    "example.org MX": ["10 mx1.example.org.", "20 mx2.example.org."],
}


@pytest.fixture(autouse=True)
def _in_english():
    """The words are put into the reader's language when they are shown."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def named(settings):
    named = Named()
    settings.DNS_SERVERS = [named.address]
    settings.DEFAULT_FROM_EMAIL = "Meetings <meetings@example.org>"
    settings.BOUNCE_ADDRESS = ""
    cache.clear()
    yield named
    named.close()


@pytest.fixture
def dns(named):
    return Dns(time.monotonic() + 5)


def judged(finding):
    return finding.verdict, " ".join(str(remark) for remark in finding.remarks)


# --- SPF ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "verdict", "said"),
    [
        (None, WRONG, "There is no SPF record"),
        ("v=spf1 mx -all", GOOD, "in 1 look-ups of at most 10"),
        ("V=SPF1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all", GOOD, "in 0 look-ups"),
        ("v=spf1 mx +all", WRONG, "lets everybody in the world send"),
        ("v=spf1 mx all", WRONG, "lets everybody in the world send"),
        ("v=spf1 mx ?all", WARNS, "says nothing about all others"),
        ("v=spf1 mx", WARNS, "has no “all” at its end"),
        ("v=spf1 ptr -all", WARNS, "“ptr” is slow"),
        ("v=spf1 ipv4:192.0.2.1 -all", WRONG, "“ipv4:192.0.2.1” is no word of SPF"),
        ("v=spf1 include:nothing.example -all", WRONG, "includes nothing.example, which has no"),
        ("v=spf1 include:twice.example -all", WRONG, "includes twice.example, which has no single"),
        ("v=spf1 include:deep.example -all", GOOD, "in 5 look-ups"),
        ("v=spf1 include:deep.example include:deep.example include:one.example -all", WRONG,
         "takes 12 look-ups, and receivers stop at 10"),
        ("v=spf1 include:loop.example -all", WRONG, "receivers stop at 10"),
        ("v=spf1 redirect=one.example", GOOD, "in 2 look-ups"),
        ("v=spf1 redirect=open.example", WRONG, "everybody in the world"),
        ("v=spf1 exists:%{i}.x.example include:%{d}.x.example -all", GOOD, "in 2 look-ups"),
    ],
)  # fmt: skip
def test_spf_is_judged(named, dns, record, verdict, said):
    named.zone = {
        "twice.example TXT": ["v=spf1 a -all", "v=spf1 mx -all"],
        "one.example TXT": ["v=spf1 a -all"],
        "open.example TXT": ["v=spf1 +all"],
        "deep.example TXT": ["v=spf1 include:one.example a mx -all"],
        "loop.example TXT": ["v=spf1 include:loop.example -all"],
    }
    if record:
        named.zone["example.org TXT"] = [record]

    found = spf.look(dns, "example.org", include="", is_needed=True)

    assert found.verdict is verdict
    assert said in judged(found)[1]
    assert found.records == ((record,) if record else ())


def test_several_spf_records_are_none(named, dns):
    named.zone["example.org TXT"] = ["v=spf1 a -all", "v=spf1 mx -all"]

    found = spf.look(dns, "example.org", include="", is_needed=True)

    assert judged(found) == (
        WRONG, "There are 2 SPF records, so receivers use none: make one of them.",
    )  # fmt: skip


def test_the_sender_in_use_must_be_named(named, dns):
    named.zone = {
        "example.org TXT": ["v=spf1 include:_spf.house.example -all"],
        "_spf.house.example TXT": ["v=spf1 include:_spf.yandex.net ~all"],
        "_spf.yandex.net TXT": ["v=spf1 ip4:192.0.2.1 ~all"],
    }

    through = spf.look(dns, "example.org", include="_spf.yandex.net", is_needed=True)
    absent = spf.look(dns, "example.org", include="_spf.mail.ru", is_needed=True)

    assert through.verdict is GOOD
    assert absent.verdict is WARNS
    assert absent.remarks[-1].advice == "include:_spf.mail.ru"


def test_the_line_to_write_is_given(dns):
    [remark] = spf.look(dns, "example.org", include="mailgun.org", is_needed=True).remarks

    assert remark.advice == 'example.org. TXT "v=spf1 include:mailgun.org -all"'


# --- DKIM -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "verdict", "said"),
    [
        (KEY_2048, GOOD, "The key is there"),
        (KEY_1024, WARNS, "The key has 1024 bits"),
        ("p=" + base64.b64encode(b"x" * 94).decode(), WRONG, "shorter than 1024 bits"),
        ("v=DKIM1; k=ed25519; p=" + base64.b64encode(b"x" * 32).decode(), GOOD, "is there"),
        ("v=DKIM1; p=", WRONG, "it was withdrawn"),
        ("v=DKIM1; p=…", WRONG, "The key is damaged"),
        (KEY_2048 + "; t=y", WARNS, "“t=y” says"),
    ],
)
def test_dkim_is_judged(named, dns, record, verdict, said):
    named.zone["mail._domainkey.example.org TXT"] = [record]

    found = dkim.look(dns, "example.org", selectors=("mail", "other"), is_known=True)

    assert found.verdict is verdict
    assert said in judged(found)[1]
    assert found.records == (f"mail._domainkey.example.org: {record}",)


def test_a_key_that_is_nowhere_is_wrong_where_it_is_known_and_doubtful_where_it_is_guessed(dns):
    known = dkim.look(dns, "example.org", selectors=("s1",), is_known=True)
    guessed = dkim.look(dns, "example.org", selectors=dkim.USUAL, is_known=False)

    assert known.verdict is WRONG
    assert known.remarks[0].advice.startswith("s1._domainkey.example.org. TXT")
    assert guessed.verdict is WARNS
    assert "MAIL_DKIM_SELECTORS" in judged(guessed)[1]


def test_an_old_key_beside_a_new_one_is_how_keys_are_changed(named, dns):
    named.zone |= {
        "s1._domainkey.example.org TXT": ["v=DKIM1; p="],
        "s2._domainkey.example.org TXT": [KEY_2048],
    }

    assert dkim.look(dns, "example.org", selectors=("s1", "s2"), is_known=True).verdict is GOOD


def test_a_domain_that_answers_anything_with_its_spf_has_no_key(named, dns):
    named.zone["mail._domainkey.example.org TXT"] = ["v=spf1 -all", "hello"]

    assert dkim.look(dns, "example.org", selectors=("mail",), is_known=True).records == ()


# --- DMARC ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "verdict", "said"),
    [
        ([], WRONG, "There is no DMARC record"),
        (["v=DMARC1; p=none"], WARNS, "“p=none” only watches"),
        (["v=DMARC1;p=reject"], GOOD, "put aside or refused (reject)"),
        (["v=DMARC1; p=quarantine; pct=20"], WARNS, "It holds for 20 % of the mail only"),
        (["v=DMARC1; rua=mailto:x@y.example"], WRONG, "does not say what to do"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], WRONG, "There are 2 DMARC records"),
        (["v=spf1 -all"], WRONG, "There is no DMARC record"),
    ],
)
def test_dmarc_is_judged(named, dns, records, verdict, said):
    if records:
        named.zone["_dmarc.example.org TXT"] = records

    found = dmarc.look("example.org", dmarc.policy(dns, "example.org"))

    assert found.verdict is verdict
    assert said in judged(found)[1]


def test_the_policy_of_the_domain_above_holds(named, dns):
    named.zone["_dmarc.example.org TXT"] = ["v=DMARC1; p=reject; sp=none"]

    found = dmarc.policy(dns, "mail.dept.example.org")

    assert found.at == "example.org"
    assert "“sp=none” only watches" in judged(dmarc.look("mail.dept.example.org", found))[1]
    assert "_dmarc.org TXT" not in named.asked


@pytest.mark.parametrize(
    ("envelope", "tags", "verdict"),
    [
        ("example.org", "", GOOD),
        ("bounces.example.org", "", GOOD),
        ("bounces.example.org", "; aspf=s", WARNS),
        ("example.net", "", WARNS),
        ("", "", GOOD),
    ],
)
def test_alignment_is_judged(named, dns, envelope, tags, verdict):
    named.zone["_dmarc.example.org TXT"] = [f"v=DMARC1; p=reject{tags}"]
    found = dmarc.policy(dns, "example.org")

    said = dmarc.alignment(
        sender="example.org", envelope=envelope, found=found, by_provider="Postmark"
    )

    assert said.verdict is verdict


# --- the server -----------------------------------------------------------------------


@pytest.fixture
def relay(settings):
    server = Scripted()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield server
    server.close()


def test_a_mail_server_that_answers_is_good(relay):
    assert judged(server.look()) == (GOOD, "It answers.")
    assert relay.senders == []


def test_a_mail_server_lets_us_in_or_not(relay, settings):
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "yavka"
    relay.ehlo_answer = "250-scripted\r\n250 AUTH PLAIN"
    assert judged(server.look()) == (GOOD, "It answers. It lets us in.")

    relay.auth_answer = "535 5.7.8 no"
    verdict, said = judged(server.look())
    assert verdict is WRONG
    assert "user or password in EMAIL_URL are wrong. 535 5.7.8 no" in said


def test_what_does_not_encrypt_is_said(relay, settings):
    settings.EMAIL_USE_TLS = True
    verdict, said = judged(server.look())
    assert verdict is WRONG
    assert "does not encrypt (STARTTLS)" in said


def test_nobody_at_the_address_is_said(settings, relay):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.EMAIL_PORT = closed.getsockname()[1]
    assert server.look().verdict is WRONG


@pytest.mark.parametrize("greeting", ["554 go away", "hang"])
def test_a_greeting_that_is_none_is_wrong(relay, monkeypatch, greeting):
    monkeypatch.setattr(server, "SECONDS", 0.3)
    relay.greeting = greeting
    assert server.look().verdict is WRONG


def test_a_certificate_of_nobody_is_told_apart(settings, tmp_path, relay):
    settings.EMAIL_USE_SSL = True
    assert server.look().verdict is WRONG


def test_the_interface_of_a_provider_is_knocked_at(settings):
    provider = Hosted("postmark")
    settings.EMAIL_TRANSPORT, settings.EMAIL_PROVIDER = "api", "postmark"
    settings.ANYMAIL = provider.keys
    verdict, said = judged(server.look())
    provider.close()

    assert verdict is GOOD
    assert "a test mail shows" in said
    assert provider.tries == {}

    assert server.look().verdict is WRONG
    settings.ANYMAIL = {}
    assert "POSTMARK_SERVER_TOKEN" in judged(server.look())[1]


# --- all together ---------------------------------------------------------------------


def test_all_is_good_where_all_is_written(named, relay):
    named.zone = dict(FINE)

    found = looking.look()

    assert [(str(f.topic), f.subject, f.verdict) for f in found] == [
        ("SPF", "example.org", GOOD),
        ("DKIM", "example.org", GOOD),
        ("DMARC", "example.org", GOOD),
        ("Alignment", "example.org", GOOD),
        ("MX", "example.org", GOOD),
        ("Mail server", f"127.0.0.1:{relay.port}", GOOD),
    ]
    assert found[4].records == ("mx1.example.org", "mx2.example.org")


def test_the_domain_where_mail_comes_back_is_looked_at_too(named, relay, settings):
    settings.BOUNCE_ADDRESS = "bounces@returns.example.net"
    named.zone = FINE | {"returns.example.net A": ["192.0.2.1"]}

    found = {(str(f.topic), f.subject): f.verdict for f in looking.look()}

    assert found["SPF", "returns.example.net"] is WRONG
    assert found["SPF", "example.org"] is GOOD
    assert found["Alignment", "example.org ← returns.example.net"] is WARNS
    assert found["MX", "returns.example.net"] is WARNS


@pytest.mark.parametrize(("rows", "verdict"), [(["0 ."], WRONG), ([], WRONG)])
def test_a_sender_whom_nobody_can_answer_is_wrong(named, relay, rows, verdict):
    named.zone = FINE | {"example.org MX": rows}

    assert [f.verdict for f in looking.look() if f.topic == "MX"] == [verdict]


def test_through_a_provider_its_own_keys_are_looked_for(named, settings):
    provider = Hosted("mailgun")
    settings.EMAIL_TRANSPORT, settings.EMAIL_PROVIDER = "api", "mailgun"
    settings.ANYMAIL = provider.keys
    named.zone = {"example.org MX": ["10 mx."], "k1._domainkey.example.org TXT": [KEY_2048]}
    found = {str(f.topic): f for f in looking.look()}
    provider.close()

    assert found["DKIM"].verdict is GOOD
    assert found["SPF"].verdict is WARNS
    assert found["SPF"].remarks[0].advice == 'example.org. TXT "v=spf1 include:mailgun.org -all"'
    assert "verify that domain" in judged(found["Alignment"])[1]
    assert found["Provider"].verdict is GOOD


def test_a_domain_in_other_letters_is_asked_in_punycode(named, relay, settings):
    settings.DEFAULT_FROM_EMAIL = "info@пример.рф"

    looking.look()

    assert "_dmarc.xn--e1afmkfd.xn--p1ai TXT" in named.asked


def test_an_address_that_is_none_is_said(relay, settings):
    settings.DEFAULT_FROM_EMAIL = "nobody"

    assert [f.verdict for f in looking.look()] == [WRONG, GOOD]


def test_who_is_silent_costs_bounded_time_and_is_no_verdict(named, relay):
    relay.greeting = "hang"
    named.zone = dict(FINE)
    named.silent = {"example.org", "_dmarc.example.org"}
    began = time.monotonic()

    found = {str(f.topic): f.verdict for f in looking.look(seconds=1.0)}

    assert time.monotonic() - began < 2.5
    assert found["SPF"] is UNASKED
    assert found["DMARC"] is UNASKED
    assert found["Mail server"] is UNASKED
    assert found["DKIM"] is GOOD


def test_a_name_server_that_fails_is_no_verdict(named, relay):
    named.zone = dict(FINE)
    named.broken = {"example.org"}

    found = {str(f.topic): f.verdict for f in looking.look()}

    assert (found["SPF"], found["MX"], found["DKIM"]) == (UNASKED, UNASKED, GOOD)


def test_once_the_time_is_over_nobody_is_asked(named):
    with pytest.raises(Unasked):
        Dns(time.monotonic() - 1).txt("example.org")
    assert named.asked == []


# --- the command and the page -----------------------------------------------------------


def run(*options):
    out = StringIO()
    try:
        call_command("mail", "check", "--language", "en", *options, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_it_line_by_line(named, relay):
    named.zone = FINE | {"_dmarc.example.org TXT": ["v=DMARC1; p=none"]}

    code, said = run()

    assert code == 0
    assert "good: SPF example.org\n    v=spf1 mx -all\n" in said
    assert "could be better: DMARC example.org" in said
    assert '    → _dmarc.example.org. TXT "v=DMARC1; p=quarantine; rua=' in said


@pytest.mark.django_db
@pytest.mark.parametrize("command", [("send_trial_mail",), ("mail", "check", "--to")])
def test_a_trial_goes_to_no_address_that_is_none(command):
    with pytest.raises(CommandError, match="invalid address value: 'anna'"):
        call_command(*command, "anna")
    assert not Message.objects.exists()


def test_the_command_fails_where_something_is_wrong(relay):
    code, said = run()

    assert code == 1
    assert "wrong: SPF example.org" in said


@pytest.mark.django_db(transaction=True)
def test_the_command_sends_a_test_mail_and_waits(named, relay, monkeypatch):
    named.zone = dict(FINE)
    monkeypatch.setattr("notifications.management.commands.mail.time.sleep", lambda _: look())

    code, said = run("--to", "anna@example.org")
    refused, why = run("--to", "rcpt-550@example.org")

    assert (code, relay.recipients()) == (0, ["anna@example.org"])
    assert "→ anna@example.org: sent (250 2.0.0 queued)" in said
    assert refused == 1
    assert "There is no such mailbox." in why


@pytest.mark.django_db(transaction=True)
def test_a_test_mail_that_nobody_sends_is_told(named, relay):
    named.zone = dict(FINE)

    code, said = run("--to", "anna@example.org", "--wait", "0")

    assert code == 1
    assert "→ anna@example.org: waiting" in said


@pytest.fixture
def office(client):
    client.force_login(User.objects.create_superuser("root@example.org", "secret words"))
    return client


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_verdicts_records_and_what_to_write(office, named, relay):
    named.zone = FINE | {"_dmarc.example.org TXT": ["v=DMARC1; p=none"]}

    page = office.get(reverse("admin:notifications_check"), headers={"accept-language": "en"})

    words = page.content.decode()
    assert page.status_code == 200
    assert len(re.findall('data-verdict="good"', words)) == 5
    assert len(re.findall('data-verdict="warns"', words)) == 1
    assert "v=spf1 mx -all" in words
    assert "_dmarc.example.org. TXT" in words
    listed = office.get(reverse("admin:notifications_message_changelist"))
    assert reverse("admin:notifications_check") in listed.content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_page_asks_once_a_minute_unless_told_to(office, named, relay):
    named.zone = dict(FINE)
    url = reverse("admin:notifications_check")
    office.get(url)
    asked = len(named.asked)

    office.get(url)
    assert len(named.asked) == asked
    office.get(f"{url}?again")
    assert len(named.asked) == 2 * asked


@pytest.mark.django_db(transaction=True)
def test_the_test_mail_goes_to_oneself_and_its_fate_is_shown(office, named, relay):
    named.zone = dict(FINE)
    url = reverse("admin:notifications_check")

    sent = office.post(url, {"address": "stranger@example.org"})
    waiting = office.get(sent["Location"], headers={"accept-language": "en"}).content.decode()
    look()
    left = office.get(sent["Location"], headers={"accept-language": "en"}).content.decode()

    mail = Message.objects.get()
    assert (mail.recipient, mail.kind, mail.state) == ("root@example.org", "trial", State.SENT)
    assert "Look whether it has left" in waiting
    assert "2.0.0 queued" in left
    assert "Authentication-Results" in left


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wanted", ["x", "99999999999999999999", "-1", "0", "²"])
def test_a_test_mail_that_there_is_not_is_not_shown(office, named, relay, wanted):
    url = reverse("admin:notifications_check")
    assert office.get(url, {"trial": wanted}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_strangers_and_organizers_do_not_see_it(client):
    url = reverse("admin:notifications_check")
    assert client.get(url).status_code == 302
    client.force_login(User.objects.create_user("anna@example.org", "secret words"))
    assert client.get(url).status_code == 302
    assert client.post(url).status_code == 302
    assert not Message.objects.exists()


def test_tls_of_the_machine_is_there():
    """What the checks rest on: a context that verifies."""
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
