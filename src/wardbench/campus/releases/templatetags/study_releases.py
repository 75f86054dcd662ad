"""What a study's page leads to of its releases, for whom it does."""

from __future__ import annotations

from typing import Any

from django import template

from wardbench.campus.releases import extract_rules, finding_queries, finding_rules
from wardbench.campus.releases.finding_shown import where
from wardbench.campus.releases.models import Finding
from wardbench.campus.releases.request_queries import team_of
from wardbench.campus.studies.models import Study
from wardbench.campus.web.pages import actor

register = template.Library()


@register.simple_tag(takes_context=True)
def releases_of(context: dict[str, Any], study: Study) -> dict[str, Any]:
    """Whether whoever reads the page may see the study's extracts and its findings, and add to these."""
    by, team = actor(context["request"]), team_of(study)
    return {
        "extracts": bool(extract_rules.may_see_extract(by, extract_rules.Facts(extract_rules.Status.ASKED, team))),
        "findings": bool(finding_rules.may_see_finding(by, finding_rules.Facts(team))),
        "adds": bool(finding_rules.may_add_finding(by, finding_queries.facts_of(study))),
    }


@register.simple_tag
def publications_of(study: Study) -> list[tuple[Finding, str]]:
    """What a study published, and where: for everybody who may know of the study, as whatever is published is."""
    return [(one, where(one)) for one in finding_queries.published(study)]
