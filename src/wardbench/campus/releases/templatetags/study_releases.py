"""What a study's page leads to of its releases, for whom it does."""

from __future__ import annotations

from typing import Any

from django import template

from wardbench.campus.releases import extract_rules, finding_rules
from wardbench.campus.releases.request_queries import team_of
from wardbench.campus.studies.models import Study
from wardbench.campus.web.pages import actor

register = template.Library()


@register.simple_tag(takes_context=True)
def releases_of(context: dict[str, Any], study: Study) -> dict[str, bool]:
    """Whether whoever reads the page may see the study's extracts, and its findings."""
    by, team = actor(context["request"]), team_of(study)
    return {
        "extracts": bool(extract_rules.may_see_extract(by, extract_rules.Facts(extract_rules.Status.ASKED, team))),
        "findings": bool(finding_rules.may_see_finding(by, finding_rules.Facts(team))),
    }
