from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

DESK = ("storage_desk", "import_desk", "keeping_back")
"""Modules that put cards on the manager's desk, or specimens on the page of a patient."""


class BiobankConfig(AppConfig):
    name = "wardbench.campus.biobank"
    label = "biobank"
    verbose_name = _("Biobank")

    def ready(self) -> None:
        for module in DESK:
            import_module(f"{self.name}.{module}")
