from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class PorchConfig(AppConfig):
    """The porch: routes, refusals, base templates, the design system, the catalogues."""

    name = "config"
    label = "porch"


class OwnStaticFilesConfig(StaticFilesConfig):
    """The second viewer of the API's description, which no page shows, takes seconds to pack."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc"]
