from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

DESK = (
    "request_desk", "standing_matching", "withdrawal_desk", "finding_shown", "accounting", "warning", "warning_shown",
)  # fmt: skip
"""Modules that put cards on the desk of the biobank's manager, or tubes on the page of the visits, or that say what is
open before a study ends, or that hear of excursions."""


class ReleasesConfig(AppConfig):
    name = "wardbench.campus.releases"
    label = "releases"
    verbose_name = _("Releases")

    def ready(self) -> None:
        for module in DESK:
            import_module(f"{self.name}.{module}")
