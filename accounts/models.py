"""Who signs in, what their programs may do, and the journal of who did what."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email__iexact=email)


class User(AbstractUser):
    """An organizer, who signs in by e-mail. Participants need no account."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    # What a new meeting starts with; every one can be changed there.
    host_name = models.CharField(_("host organization"), max_length=300, blank=True)
    host_name_alt = models.CharField(
        _("host organization in the second language"), max_length=300, blank=True
    )
    contact_name = models.CharField(_("contact person"), max_length=200, blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=40, blank=True)
    consent_text = models.TextField(_("consent text"), blank=True)
    consent_text_alt = models.TextField(_("consent text in the second language"), blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[misc, assignment]  # no user names here

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_address_in_any_case")
        ]

    def __str__(self) -> str:
        return self.email


class Scope(models.TextChoices):
    READ = "read", _("read")
    WRITE = "write", _("read and change")


class ApiToken(models.Model):
    """A program's key to its owner's meetings. Shown once; only the hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    label = models.CharField(_("label"), max_length=100)
    scope = models.CharField(_("may"), max_length=5, choices=Scope, default=Scope.WRITE)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=Scope.values), name="api_token_scope_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.user_id}"


class Via(models.TextChoices):
    """Through which door somebody acted."""

    UI = "ui", _("page")
    API = "api", _("API")
    LINK = "link", _("personal link")
    PUBLIC = "public", _("public page")
    SYSTEM = "system", _("automatic")
    COMMAND = "command", _("command line")


class JournalQuerySet(models.QuerySet["JournalEntry"]):
    def about(self, subject: str) -> Self:
        return self.filter(subjects__contains=[subject])

    def newest_first(self) -> Self:
        return self.order_by("-id")


class JournalEntry(models.Model):
    """
    One thing that somebody did, written in the transaction that did it. Append-only.

    `subjects` names the rows concerned ("registration:17", "meeting:3"): plain text,
    because the houses those rows live in stand above this one.
    """

    at = models.DateTimeField()
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    who = models.CharField(max_length=200)
    via = models.CharField(max_length=7, choices=Via)
    action = models.CharField(max_length=60)
    subjects = ArrayField(models.CharField(max_length=80))
    changes = models.JSONField(default=dict, blank=True)

    objects = JournalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(via__in=Via.values), name="journal_via_is_known")
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.action} by {self.who}"
