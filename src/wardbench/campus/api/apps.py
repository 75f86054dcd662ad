from django.apps import AppConfig


class APIConfig(AppConfig):
    name = "wardbench.campus.api"
    label = "api"
