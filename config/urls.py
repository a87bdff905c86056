"""Every page's address. The API's routes are in config/api.py."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import problem_pages, views

# The admin has no sign-in of its own: one way in, one place to guard.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.page_not_found
handler429 = views.too_many_requests
handler500 = views.server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.alive, name="alive"),
    path("readyz", views.ready, name="ready"),
    path(".well-known/change-password", views.change_password),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("api/v1/", include("config.api")),
    path("problems/<slug:kind>", problem_pages.explanation, name="problem"),
    path("", include("accounts.urls")),
    path("", include("events.urls")),
    path("", include("notifications.urls")),
    path("", include("registrations.urls")),
    path("", include("attendance.urls")),
    path("", include("badges.urls")),
    path("", include("reports.urls")),
]
