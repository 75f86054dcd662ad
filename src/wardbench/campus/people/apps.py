from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "wardbench.campus.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        from wardbench.campus.people import signals  # noqa: F401  (connects them)
