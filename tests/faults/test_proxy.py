"""The bad network itself: each fault is what it says, or the tests behind it prove nothing."""

import socket
import threading
import time

import pytest

from tests.faults.proxy import BLACKHOLE, PASS, Fault, Proxy
from tests.notifications.scripted import wait_until

pytestmark = pytest.mark.fault


@pytest.fixture
def echo():
    """Says back what it hears, until it hears no more; then "bye"."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(client):
        with client:
            try:
                while piece := client.recv(65536):
                    client.sendall(piece)
                client.sendall(b"bye")
            except OSError:
                pass

    def accept():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def proxy(echo):
    proxy = Proxy(echo)
    yield proxy
    proxy.close()


def call(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def heard(client):
    """All that comes until the connection ends; "reset" at the end if it was reset."""
    words = b""
    try:
        while piece := client.recv(65536):
            words += piece
    except ConnectionResetError:
        words += b"reset"
    return words


def test_it_passes_both_ways_and_the_end_too(proxy):
    with call(proxy) as client:
        client.sendall(b"x" * 200_000)
        client.shutdown(socket.SHUT_WR)
        assert heard(client) == b"x" * 200_000 + b"bye"
    assert (proxy.connections, proxy.struck) == (1, 0)


def test_it_refuses_and_takes_again(proxy):
    with call(proxy) as client:
        client.sendall(b"a")
        assert client.recv(1) == b"a"
        proxy.refuse()
        assert heard(client) == b"reset"
    with pytest.raises(ConnectionRefusedError):
        call(proxy)

    proxy.listen()
    with call(proxy) as client:
        client.sendall(b"a")
        assert client.recv(1) == b"a"


def test_a_black_hole_says_nothing_until_it_ends(proxy):
    proxy.fault = BLACKHOLE
    with call(proxy) as client:
        client.sendall(b"a")
        client.settimeout(0.4)
        with pytest.raises(TimeoutError):
            client.recv(1)
        proxy.fault = PASS
        client.settimeout(5)
        assert client.recv(1) == b"a"


@pytest.mark.parametrize("fault", [Fault(delay=0.3), Fault(bytes_per_second=20)])
def test_it_is_slow(proxy, fault):
    proxy.fault = fault
    with call(proxy) as client:
        since = time.monotonic()
        client.sendall(b"abcdef")
        assert client.recv(6) == b"abcdef"
        assert time.monotonic() - since >= 0.5


def test_it_cuts_after_so_many_bytes(proxy):
    proxy.fault = Fault(cut_after=10)
    with call(proxy) as client:
        client.sendall(b"0123456789abcdef")
        assert heard(client) in (b"0123456789", b"")
    assert proxy.struck == 1


def test_it_cuts_on_words_of_either_side(proxy):
    proxy.fault = Fault(cut_on=rb"st.p", side="server", how="rst")
    with call(proxy) as client:
        client.sendall(b"go on. ")
        assert client.recv(7) == b"go on. "
        client.sendall(b"please st")
        wait_until(lambda: client.recv(20) == b"please st")
        client.sendall(b"op here")
        assert heard(client) in (b"opreset", b"reset")


def test_it_swallows_the_last_piece(proxy):
    proxy.fault = Fault(cut_on=b"stop", swallows=True)
    with call(proxy) as client:
        client.sendall(b"stop")
        assert heard(client) in (b"", b"reset")


def test_half_a_connection_hears_but_does_not_speak(proxy):
    proxy.fault = Fault(cut_on=b"hush", how="half")
    with call(proxy) as client:
        client.sendall(b"hush")
        assert heard(client) == b""
        client.sendall(b"do you hear me?")


def test_whom_it_strikes_is_told_by_the_seed(echo):
    struck = []
    for _ in range(2):
        proxy = Proxy(echo, fault=Fault(cut_after=0, probability=0.5), seed=7)
        for _ in range(20):
            with call(proxy) as client:
                client.sendall(b"a")
                client.shutdown(socket.SHUT_WR)
                heard(client)
        struck.append(proxy.struck)
        proxy.close()

    assert struck[0] == struck[1]
    assert 3 <= struck[0] <= 17
