from django.apps import AppConfig


class CountingConfig(AppConfig):
    name = "wardbench.campus.counting"
    label = "counting"
