from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "wardbench.campus.notices"
    label = "notices"
