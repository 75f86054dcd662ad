from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "wardbench.campus.web"
    label = "web"
