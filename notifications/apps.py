from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.core import checks

from notifications import transport


class PostOfficeConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        checks.register(mail_can_leave)


def mail_can_leave(**_: Any) -> Iterable[checks.CheckMessage]:
    """That what is chosen to carry the mail exists, and has its keys."""
    said = transport.problem()
    return [checks.Error(said, id="notifications.E001")] if said else []
