from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WebConfig(AppConfig):
    name = "wardbench.campus.web"
    label = "web"

    def ready(self) -> None:
        from wardbench.campus.web import search_people  # noqa: F401  (offers itself)

        # What each application adds to the home page and the search.
        autodiscover_modules("home")
