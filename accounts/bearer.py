"""Programs sign in with `Authorization: Bearer …`: a token of their organizer."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts import journal, links
from accounts.journal import Actor
from accounts.models import ApiToken, Scope, User

PREFIX = "yvk_"


def issue(
    *, user: User, label: str, scope: str = Scope.WRITE, at: datetime
) -> tuple[ApiToken, str]:
    """Make a token and return it with its clear text, which is never shown again."""
    clear = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, label=label, scope=scope, token_hash=links.hashed(clear), created_at=at
    )
    return token, clear


@transaction.atomic(durable=True)
def issue_in_office(*, user: User, label: str, scope: str, at: datetime) -> tuple[ApiToken, str]:
    """Make a token at the organizer's wish, with a line in the journal."""
    token, clear = issue(user=user, label=label, scope=scope, at=at)
    _note(token, "api_token.issued", by=journal.organizer(user), at=at)
    return token, clear


@transaction.atomic(durable=True)
def revoke(*, token: ApiToken, at: datetime, by: Actor) -> ApiToken:
    """Stop a token at once. Twice is harmless."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        _note(token, "api_token.revoked", by=by, at=at)
    return token


def _note(token: ApiToken, action: str, *, by: Actor, at: datetime) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=[f"user:{token.user_id}", f"api_token:{token.pk}"],
        changes={"scope": token.scope},
    )


class BearerAuthentication(BaseAuthentication):
    """A known, unrevoked token of an active user; a reading one may only read."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, presented = (
            get_authorization_header(request).decode("latin-1").partition(" ")
        )
        if scheme.lower() != "bearer":
            return None
        token = (
            ApiToken.objects.select_related("user")
            .filter(
                token_hash=links.hashed(presented.strip()), revoked_at=None, user__is_active=True
            )
            .first()
        )
        if token is None:
            raise AuthenticationFailed(_("This API token is not known or was revoked."))
        if request.method not in SAFE_METHODS:
            if token.scope == Scope.READ:
                raise PermissionDenied(_("This API token may only read."))
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
