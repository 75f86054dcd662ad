from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "wardbench.campus.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        from wardbench.campus.people import signals  # noqa: F401  (connects them)

        # The rights that each application lets people ask about.
        autodiscover_modules("explained")
