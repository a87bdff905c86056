"""The front door of the API: every route on one page."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from attendance import api as attendance

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
    path("checkin/pair/", attendance.PairView.as_view(), name="api-checkin-pair"),
    path("checkin/scans/", attendance.ScansView.as_view(), name="api-checkin-scans"),
    path(
        "checkin/scans/<uuid:scan_id>/void/", attendance.VoidView.as_view(), name="api-checkin-void"
    ),
    path("checkin/walk-ins/", attendance.WalkInsView.as_view(), name="api-checkin-walk-ins"),
    path("checkin/admissions/", attendance.AdmissionsView.as_view(), name="api-checkin-admissions"),
    path("checkin/search/", attendance.SearchView.as_view(), name="api-checkin-search"),
    path("checkin/stats/", attendance.StatsView.as_view(), name="api-checkin-stats"),
    path("meetings/<slug:slug>/scans/", attendance.MeetingScansView.as_view(), name="api-scans"),
]
