"""How organizers sign in: by e-mail, through allauth. Accounts are made by an administrator."""

from __future__ import annotations

import logging
import smtplib
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by himself: an organizer's account is made by a command or in the admin."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("This account is switched off. Ask your administrator."),
        "email_password_mismatch": gettext_lazy(
            "This e-mail and this password do not belong together. "
            "Check both, or set a new password."
        ),
        "too_many_login_attempts": gettext_lazy(
            "Too many attempts with this e-mail. Wait five minutes and try again, "
            "or set a new password."
        ),
        "enter_current_password": gettext_lazy("This is not your current password."),
        "incorrect_password": gettext_lazy("This is not your current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address; who came past the proxies is known by his own."""
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:
            return str(request.META["REMOTE_ADDR"])

    def format_email_subject(self, subject: str) -> str:
        return str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once; a mail server that is down is said in words, not by a broken page."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, smtplib.SMTPException):
            logger.exception("A mail about an account could not be sent")
            messages.error(
                self.request,
                _("The mail could not be sent just now. Please try again in a few minutes."),
            )

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say what changed (a password), not what everybody sees (signed in, signed out)."""
        template = str(kwargs.get("message_template") or (args[2] if len(args) > 2 else ""))
        if "logged_" not in template:
            super().add_message(*args, **kwargs)
