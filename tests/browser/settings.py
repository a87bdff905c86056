"""The tests' settings, with pages that fail on request: they have to be looked at too."""

from tests.notifications.named import Named
from tests.settings import *  # noqa: F403

# What the check of the mail finds: something of every kind, and nobody's server is asked.
_KEY = "v=DKIM1; k=rsa; p=" + "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC" + "w" * 177
DNS_SERVERS = [
    Named(
        zone={
            "example.org TXT": ["v=spf1 ip4:192.0.2.17 mx -all"],
            "mail._domainkey.example.org TXT": [_KEY],
            "_dmarc.example.org TXT": ["v=DMARC1; p=none; rua=mailto:postmaster@example.org"],
            "example.org MX": ["10 mx.example.org."],
        }
    ).address
]
ROOT_URLCONF = "tests.browser.urls"
