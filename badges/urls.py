from django.urls import URLPattern, URLResolver, path

from badges import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("manage/<slug:slug>/badges/", views.overview, name="manage-badges"),
    path("manage/<slug:slug>/badges/files/", views.progress, name="manage-badge-files"),
    path("manage/<slug:slug>/badges/files/<int:number>.pdf", views.file, name="manage-badge-file"),
    path("manage/<slug:slug>/badges/<str:number>.svg", views.preview, name="manage-badge-preview"),
    path(
        "manage/<slug:slug>/participants/<str:number>/badge.pdf", views.badge, name="manage-badge"
    ),
]
