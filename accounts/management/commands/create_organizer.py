"""manage.py create_organizer EMAIL: make sure that this person can sign in."""

import os
import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts import journal
from accounts.models import User, Via


class Command(BaseCommand):
    help = (
        "Make an organizer's account, or give an existing one a new password. The password is "
        "read from ORGANIZER_PASSWORD or from standard input; with neither one is made up and "
        "printed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="given name and family name")
        parser.add_argument(
            "--administrator", action="store_true", help="may also use the administration pages"
        )

    def handle(self, *, email: str, name: str, administrator: bool, **options: Any) -> None:
        given = os.environ.get("ORGANIZER_PASSWORD", "")
        if not given and not sys.stdin.isatty():
            given = sys.stdin.readline().rstrip("\n")
        password = given or secrets.token_urlsafe(12)
        try:
            validate_email(email)
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            user, is_new = User.objects.get_or_create(
                email__iexact=email, defaults={"email": email}
            )
            user.set_password(password)
            first, _space, last = name.partition(" ")
            user.first_name, user.last_name = first or user.first_name, last or user.last_name
            user.is_staff = user.is_superuser = administrator or user.is_superuser
            user.save()
            journal.record(
                by=journal.Actor(who="create_organizer", via=Via.COMMAND),
                at=timezone.now(),
                action="organizer.created" if is_new else "organizer.password_changed",
                subjects=[f"user:{user.pk}"],
            )
        self.stdout.write(f"{email} can sign in.")
        if not given:
            self.stdout.write(f"Password: {password}")
