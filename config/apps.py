from django.apps import AppConfig


class PorchConfig(AppConfig):
    """The porch: routes, refusals, base templates, the design system, the catalogues."""

    name = "config"
    label = "porch"
