"""What is asked of the hospital as a benchmark, checked and in the shape in which a question keeps it.

Forms and programs ask through these. InputError names the field, and of a table the line and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.aggregates import read_aggregates
from wardbench.ward.benchmark.lines import Sent

if TYPE_CHECKING:
    from wardbench.ward.benchmark.funnel import Way

Spec = dict[str, Any]
GROUPS = ("sex", "age", "device")
MOST_BANDS = 6
"""With those of unknown age and sex they make the 24 groups that are told apart."""
OLDEST = 120
LONGEST_FOLLOWED = 3650
UNITS = ("care_site", "provider")
ADJUSTMENTS = ("case-mix", "age-sex", "none")
DISPERSIONS: tuple[Way, ...] = ("cqc", "shmi")


def intervals(
    analyte: str,
    unit: str,
    by: Sequence[str],
    ages: Sequence[int] = (18, 40, 60),
    healthy: Mapping[str, Any] | None = None,
) -> Spec:
    """The reference intervals of an analyte, by code or concept id; `unit` empty is the only one that results have. The
    direct ones of a cohort of healthy persons stand beside them where there is one."""
    return {
        "analyte": analyte,
        "unit": unit,
        "by": [group for group in GROUPS if group in by],
        "ages": rising(ages),
        "healthy": healthy,
    }


def assay(analyte: str, unit: str, values: Sent, ages: Sequence[int]) -> Spec:
    """Values of an analyte on the hospital's distribution. What is kept of them once the question has ended is their
    number, the name of the table and its hash."""
    # Statistics take a second to load, which pages do not need.
    from wardbench.ward.benchmark.exported import exported_results

    results, file = exported_results(values)
    return {
        "analyte": analyte,
        "unit": unit,
        "ages": list(ages),
        "name": values.name,
        "many": len(results),
        "sha256": file.sha256,
        "values": values.data.decode(),
    }


def table1(hospital: Mapping[str, Any], study: Mapping[str, Any] | None, aggregates: Sent | None) -> Spec:
    """A study, as a cohort or as its aggregates, beside a cohort of the hospital's: name and expression of each."""
    if (study is None) == (aggregates is None):
        raise InputError(_("study: choose a cohort, or send a file of aggregates, one of the two."))
    if aggregates is None:
        return {"hospital": hospital, "study": study, "name": "", "aggregates": ""}
    read_aggregates(aggregates)
    return {"hospital": hospital, "study": None, "name": aggregates.name, "aggregates": aggregates.data.decode()}


def rates(
    study: Mapping[str, Any] | Sent,
    standard: Mapping[str, Any] | Sent,
    outcome: Mapping[str, Any] | None,
    within: int,
    ages: Sequence[int],
) -> Spec:
    """Events of a study against the rates of a standard: either is a cohort or a table of counts by stratum, at least
    one of them a cohort, which is followed for `within` days to an outcome (a cohort; None is death)."""
    from wardbench.ward.benchmark.strata_counts import read_counts

    if isinstance(study, Sent) and isinstance(standard, Sent):
        raise InputError(_("hospital: choose a cohort for the study or for the standard."))
    for table in (study, standard):
        if isinstance(table, Sent):
            groups, _file = read_counts(table)
            if table is standard and len(groups) > 1:
                raise InputError(_("{file}: a standard has one group.").format(file=table.name))
            _in_bands(table, {name for group in groups for name in group.population}, ages)
    return {
        "study": _side(study),
        "standard": _side(standard),
        "outcome": outcome,
        "within": _days(within),
        "ages": list(ages),
    }


def either(field: str, cohort: Mapping[str, Any] | None, table: Sent | None) -> Mapping[str, Any] | Sent:
    """A cohort or a table, one of the two."""
    if cohort is not None and table is None:
        return cohort
    if table is not None and cohort is None:
        return table
    raise InputError(_("{field}: choose a cohort or bring a table, one of the two.").format(field=field))


def _side(side: Mapping[str, Any] | Sent) -> Spec:
    if isinstance(side, Sent):
        return {"name": side.name, "counts": side.data.decode()}
    return dict(side)


def _in_bands(table: Sent, named: set[str], ages: Sequence[int]) -> None:
    """InputError where a stratum of a table is none of those into which a cohort is parted."""
    from wardbench.ward.benchmark.strata_counts import SEXES, stratum_of

    bands = {stratum_of(sex, first) for sex in SEXES for first in (0, *ages)}
    if strange := sorted(named - bands):
        raise InputError(
            _(
                "{file}: stratum “{stratum}” is not among the bands, which begin at {ages}; say others under ages."
            ).format(file=table.name, stratum=strange[0][:40], ages=", ".join(map(str, (0, *ages))))
        )


def funnel(
    cohort: Mapping[str, Any],
    by: str,
    outcome: Mapping[str, Any] | None,
    within: int,
    adjust: str,
    dispersion: str = DISPERSIONS[0],
) -> Spec:
    """Units that saw the persons of a cohort on its first day, `by` care_site or provider, by an outcome (a cohort;
    None is death) `within` days, adjusted for their case mix or less; `dispersion` says how it is estimated what they
    vary beyond chance."""
    for field, word, known in (("by", by, UNITS), ("adjust", adjust, ADJUSTMENTS)):
        if word not in known:
            raise InputError(_("{field}: it is none of {known}.").format(field=field, known=", ".join(known)))
    return {
        "cohort": dict(cohort),
        "by": by,
        "outcome": outcome,
        "within": _days(within),
        "adjust": adjust,
        "dispersion": way(dispersion),
    }


def way(dispersion: str) -> Way:
    """How it is estimated what units vary beyond chance; InputError for a word that names no way."""
    for known in DISPERSIONS:
        if dispersion == known:
            return known
    raise InputError(_("{field}: it is none of {known}.").format(field="dispersion", known=", ".join(DISPERSIONS)))


def _days(within: int) -> int:
    if not 1 <= within <= LONGEST_FOLLOWED:
        raise InputError(_("within: from 1 to {most} days.").format(most=f"{LONGEST_FOLLOWED:,}"))
    return within


def ages_of(text: str) -> list[int]:
    """The ages at which bands begin, parted by commas."""
    try:
        ages = [int(word) for word in text.split(",") if word.strip()]
    except ValueError:
        ages = [0]
    return rising(ages)


def rising(ages: Sequence[int]) -> list[int]:
    """Ages at which bands begin. InputError where they do not rise, or are too many or none of a person."""
    if list(ages) != sorted(set(ages)) or any(not 0 < age <= OLDEST for age in ages) or len(ages) > MOST_BANDS:
        raise InputError(
            _("ages: at most {most} ages from 1 to {oldest} that rise, as 18,40,60.").format(
                most=MOST_BANDS, oldest=OLDEST
            )
        )
    return list(ages)
