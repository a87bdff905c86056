from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from badges.models import Batch

if TYPE_CHECKING:
    BatchModelAdmin = admin.ModelAdmin[Batch]
else:
    BatchModelAdmin = admin.ModelAdmin  # not subscriptable when it runs


@admin.register(Batch)
class BatchAdmin(BatchModelAdmin):
    """To look at: what was made, by whom, why it failed. Files expire by themselves."""

    list_display = ("id", "meeting", "kind", "state", "done", "total", "attempts", "created_at")
    list_filter = ("state", "kind")
    list_select_related = ("meeting",)
    exclude = ("people", "parts")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return Batch.objects.in_brief()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        return False
