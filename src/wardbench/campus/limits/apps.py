from django.apps import AppConfig


class LimitsConfig(AppConfig):
    name = "wardbench.campus.limits"
    label = "limits"
