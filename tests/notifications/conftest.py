import pytest

from tests.notifications.scripted import Scripted


@pytest.fixture
def server(settings):
    """A scripted mail server, and short patience with it."""
    server = Scripted()
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 2
    settings.MAIL_CONNECT_SECONDS = 2
    settings.MAIL_LAST_DOT_SECONDS = 0.5
    yield server
    server.close()
