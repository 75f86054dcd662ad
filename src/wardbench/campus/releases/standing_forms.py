"""The form of criteria that stand."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from wardbench.campus.releases.standing import MOST_WANTED


class StandingForm(forms.Form):
    name = forms.CharField(label=_("What you call it"), max_length=200)
    wanted = forms.IntegerField(label=_("How many specimens"), min_value=1, max_value=MOST_WANTED)
    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, most: int, last: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wanted"].help_text = _("The permit allows at most %(most)d.") % {"most": most}
        self.fields["until"].help_text = _("The permit ends on %(day)s.") % {"day": date_format(last, "j F Y")}
