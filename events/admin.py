"""The administrator's view of meetings. Changing them is the organizers' work."""

from django.contrib import admin

from accounts.admin import ToRead
from events.models import Meeting, RegionSet


@admin.register(Meeting)
class MeetingAdmin(ToRead):
    list_display = ("slug", "title", "status", "starts_at", "time_zone")
    search_fields = ("slug", "title", "title_alt")
    list_filter = ("status", "is_sample")
    ordering = ("-starts_at", "-pk")


@admin.register(RegionSet)
class RegionSetAdmin(ToRead):
    list_display = ("name", "language", "source", "owner")
    list_select_related = ("owner",)
    ordering = ("name", "pk")
