from django.urls import URLPattern, URLResolver, path

from reports.views import figures

urlpatterns: list[URLPattern | URLResolver] = [
    path("manage/<slug:slug>/figures/", figures.figures, name="manage-figures"),
    path("manage/<slug:slug>/figures.xlsx", figures.figures_table, name="manage-figures-table"),
    path("n/<slug:token>/", figures.press, name="press"),
    path("n/<slug:token>/figures.xlsx", figures.press_table, name="press-table"),
]
