import itertools
import json
import threading
import urllib.error
import urllib.request
from email.message import EmailMessage
from http.server import ThreadingHTTPServer

import pytest

from embedded import mailbox


@pytest.fixture
def box(tmp_path):
    class Pages(mailbox.Pages):
        folder = mailbox.Folder(tmp_path, itertools.count())
        secret = "secret"

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    # Asked to stop, it looks whether it was: twice a second, if it is not told otherwise.
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield Pages.folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def letter(subject="Проба", html="<p>Привет <img src='cid:qr'></p>"):
    message = EmailMessage()
    message["Subject"] = subject
    message["To"] = "anna@example.org"
    message.set_content("Привет")
    message.add_alternative(html, subtype="html")
    message.get_payload()[1].add_related(b"picture", "image", "png", cid="<qr>")
    return message.as_bytes()


def keep(folder, content, to="anna@example.org"):
    folder.put(content, sender="a@example.org", recipients=[to])
    return folder.newest_first()[0]["id"]


def test_the_newest_mail_comes_first_and_is_found_by_address(box):
    folder, base = box
    keep(folder, letter("one"))
    keep(folder, letter("two"), to="boris@example.org")

    both = json.loads(ask(f"{base}/secret/messages.json")[1])
    his = json.loads(ask(f"{base}/secret/messages.json?to=boris")[1])

    assert [mail["subject"] for mail in both] == ["two", "one"]
    assert [mail["subject"] for mail in his] == ["two"]


def test_a_long_folded_name_is_read_as_one(box):
    folder, base = box
    name = keep(
        folder,
        b"From: =?utf-8?b?0JzQuNC90LjRgdGC0LXRgNGB0YLQstC+INGN0LrQvtC90L7QvNC40YfQtdGB?=\r\n"
        b" =?utf-8?b?0LrQvtCz0L4g0YDQsNC30LLQuNGC0LjRjyAo0LTQtdC80L4p?=\r\n"
        b" <meetings@example.org>\r\n\r\nText",
    )

    page = ask(f"{base}/secret/{name}")[1]

    assert "Министерство экономического развития (демо) &lt;meetings@example.org&gt;" in page


def test_html_is_shown_in_a_sandbox_that_fetches_nothing(box):
    folder, base = box
    name = keep(folder, letter(html="<script>alert(1)</script><img src='cid:qr'>"))

    status, page, headers = ask(f"{base}/secret/{name}.html")

    assert status == 200
    assert headers["Content-Security-Policy"].startswith("sandbox ")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "allow-scripts" not in headers["Content-Security-Policy"]
    assert "data:image/png;base64,cGljdHVyZQ==" in page


def test_a_mail_cannot_write_into_the_pages(box):
    folder, base = box
    name = keep(folder, letter(subject="<script>alert(1)</script>"))

    for page in ("", name):
        assert "<script>" not in ask(f"{base}/secret/{page}")[1]


@pytest.mark.parametrize(
    "path", ["/", "/guess/", "/secret/../x", "/secret/..%2Fx.eml", "/secret/none"]
)
def test_nothing_is_found_by_guessing(box, path):
    assert ask(box[1] + path)[0] == 404


def test_another_name_for_this_address_is_not_answered(box):
    assert ask(f"{box[1]}/secret/", Host="evil.example:80")[0] == 404
