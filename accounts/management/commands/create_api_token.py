"""manage.py create_api_token EMAIL --label NAME: a program's key, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts import bearer, journal
from accounts.models import Scope, User, Via


class Command(BaseCommand):
    help = "Make an API token for an organizer and print it: it is never shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--label", required=True, help="what the token is for")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.WRITE)

    def handle(self, *, email: str, label: str, scope: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"There is no organizer with the address {email}.")
        at = timezone.now()
        with transaction.atomic():
            token, clear = bearer.issue(user=user, label=label, scope=scope, at=at)
            journal.record(
                by=journal.Actor(who="create_api_token", via=Via.COMMAND),
                at=at,
                action="api_token.created",
                subjects=[f"user:{user.pk}", f"api_token:{token.pk}"],
            )
        self.stdout.write(clear)
