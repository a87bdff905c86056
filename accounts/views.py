"""The organizer's account: defaults of new meetings, the password, tokens for programs."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import bearer, defaults, journal
from accounts.forms import DefaultsForm, TokenForm
from accounts.models import ApiToken, User

NEW_TOKEN = "new_api_token"  # noqa: S105  -- the session's key, not a secret


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """What a new meeting starts with. Beside it: the password and the API tokens."""
    user = cast(User, request.user)
    if request.method == "POST":
        form = DefaultsForm(request.POST, instance=user)
        if form.is_valid():
            defaults.change(user=user, changes=form.cleaned_data, at=timezone.now())
            messages.success(request, _("Saved. New meetings will start with this."))
            return redirect("manage-account", permanent=False)
        user = User.objects.get(pk=user.pk)
    else:
        form = DefaultsForm(instance=user)
    return _page(request, user, form, TokenForm(), status=422 if form.errors else 200)


@never_cache
@login_required
@require_POST
def issue_token(request: HttpRequest) -> HttpResponse:
    """Make an API token. Its clear text is shown on the next page, once."""
    user = cast(User, request.user)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, user, DefaultsForm(instance=user), form, status=422)
    _token, clear = bearer.issue_in_office(user=user, at=timezone.now(), **form.cleaned_data)
    request.session[NEW_TOKEN] = clear
    return _back()


@never_cache
@login_required
@require_POST
def revoke_token(request: HttpRequest, token: int) -> HttpResponse:
    """Stop a token at once. Twice is harmless."""
    user = cast(User, request.user)
    row = get_object_or_404(ApiToken, pk=token, user=user)
    bearer.revoke(token=row, by=journal.organizer(user), at=timezone.now())
    messages.success(request, _("“%(label)s” no longer works.") % {"label": row.label})
    return _back()


def _page(
    request: HttpRequest, user: User, form: DefaultsForm, token_form: TokenForm, *, status: int
) -> HttpResponse:
    context = {
        "form": form,
        "token_form": token_form,
        "tokens": user.api_tokens.filter(revoked_at=None).order_by("-pk"),
        # Shown once: taken out of the session as soon as it is on a page.
        "new_token": request.session.pop(NEW_TOKEN, "") if request.method == "GET" else "",
        "here": "account",
    }
    return render(request, "accounts/account.html", context, status=status)


def _back() -> HttpResponse:
    answer = redirect("manage-account")
    answer.status_code = 303
    answer["Location"] += "#tokens"
    return answer
