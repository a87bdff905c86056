from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import path

from config import failures, views
from config.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def failing(request: HttpRequest, status: int) -> HttpResponseBase:
    wait: dict[str, Any] = {"retry_after": 170} if status == 429 else {}
    return failures.page(request, status, **wait)


urlpatterns += [
    path("failing/form/", views.form_expired),
    path("failing/<int:status>/", failing),
]
