"""How organizers sign in: by e-mail, through allauth. Accounts are made by an administrator."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by himself: an organizer's account is made by a command or in the admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
