from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CountingConfig(AppConfig):
    name = "wardbench.campus.counting"
    label = "counting"

    def ready(self) -> None:
        # What each application knows of the projects that a cohort belongs to.
        autodiscover_modules("projects")
