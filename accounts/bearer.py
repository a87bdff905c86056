"""Programs sign in with `Authorization: Bearer …`: a token of their organizer."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts import links
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
                raise AuthenticationFailed(_("This API token may only read."))
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
