"""The administrator's view of accounts: organizers are made here; the rest is to be read."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, JournalEntry, User


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    """An account is an address and a password: there is no user name here."""

    class Meta:
        model = User
        fields = ("email",)
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"email": forms.EmailField}


@admin.register(User)
class OrganizerAdmin(UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        (
            _("New meetings start with"),
            {
                "fields": (
                    "host_name",
                    "host_name_alt",
                    "contact_name",
                    "contact_phone",
                    "consent_text",
                    "consent_text_alt",
                )
            },
        ),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )
    filter_horizontal = ("groups",)


class ToRead(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows that the use cases write; an administrator looks, and changes them on the pages."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(ToRead):
    list_display = ("label", "user", "scope", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    exclude = ("token_hash",)
    ordering = ("-pk",)


@admin.register(JournalEntry)
class JournalAdmin(ToRead):
    list_display = ("at", "who", "via", "action", "subjects")
    search_fields = ("who", "action")
    ordering = ("-pk",)
