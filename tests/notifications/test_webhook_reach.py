"""Where webhooks may lead: judged address by address, in every spelling."""

from ipaddress import ip_address

import pytest

from notifications.webhooks import reach

FORBIDDEN = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.2.1", "198.18.0.1",
    "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2001::1",
    "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "fe80::1", "fe80::1%eth0",
    "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2a00:1450::5efe:7f00:1",
    "2a00:1450::200:5efe:808:808",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_nothing_is_sent_into_internal_networks(address):
    assert not reach.is_allowed(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.158.134.3", "2a02:6b8::2:242", "2606:4700::1"])
def test_the_internet_is_allowed_but_only_encrypted(address, settings):
    assert reach.is_allowed(ip_address(address))
    settings.WEBHOOK_INTERNAL_NETWORKS = ["10.0.0.0/8"]
    assert not reach.is_allowed(ip_address(address), scheme="http")
    assert reach.is_allowed(ip_address("10.1.2.3"), scheme="http")
    assert not reach.is_allowed(ip_address("192.168.1.1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "//example.org/",
        "https://", "https:///path", "https://user:secret@example.org/", "https://u@example.org/",
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
        "https://0177.0.0.1/", "https://127.0.0.1./", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/", "https://169.254.169.254/latest/", "https://example.org:0/",
        "https://example.org:99999/", "https://example.org/a b", "https://example.org/\r\nX: 1",
        "https://example.org/путь", "https://[::1", "javascript:alert(1)", "",
    ],
)  # fmt: skip
def test_what_is_no_address_to_send_to_is_refused_when_it_is_saved(url):
    with pytest.raises(reach.AddressRefused):
        reach.place_of(url)


def test_a_name_in_another_script_is_what_the_name_servers_call_it():
    place = reach.place_of("https://пример.рф:8443/hook?a=1")

    assert (place.host, place.port, place.path) == ("xn--e1afmkfd.xn--p1ai", 8443, "/hook?a=1")
