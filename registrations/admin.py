"""The administrator's view of registrations: to explain, not to change, what became of one."""

from django.contrib import admin

from accounts.admin import ToRead
from registrations.models import Registration, SeatLimit


@admin.register(Registration)
class RegistrationAdmin(ToRead):
    list_display = ("number", "meeting", "status", "seat", "source", "registered_at")
    list_select_related = ("meeting",)
    list_filter = ("status", "source")
    search_fields = ("number", "email")
    # Links and tickets are keys: not even an administrator reads them here.
    exclude = ("link_hash", "link_generation", "ticket_code", "name_key", "sort_key", "search_key")
    ordering = ("-registered_at", "-pk")


@admin.register(SeatLimit)
class SeatLimitAdmin(ToRead):
    list_display = ("meeting", "seat_limit", "taken", "over", "waiting")
    list_select_related = ("meeting",)
    ordering = ("-pk",)
