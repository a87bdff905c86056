from django.urls import URLPattern, URLResolver, path

from attendance import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("c/<str:token>/", views.desk, name="desk"),
    path("scan/", views.scan, name="scan"),
    path("scan/code/", views.code, name="scan-code"),
    path("scan/walk-in/", views.walk_in, name="scan-walk-in"),
    path("scan/instead/", views.instead, name="scan-instead"),
    path("scan/admit/", views.admit, name="scan-admit"),
    path("scan/undo/", views.undo, name="scan-undo"),
    path("scan/end/", views.end, name="scan-end"),
]
