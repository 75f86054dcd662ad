"""Cohort definitions in Circe JSON in which the campus's stories are found, without a vocabulary.

A load gives each source code a concept of its own, whose id depends on the load. So a definition names codes, and is
written for one store: the ids are looked up in its CONCEPT table, and the criteria ask for source concepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from wardbench.core.errors import NotFoundError
from wardbench.synthetic import codes
from wardbench.synthetic.codes import CODES, VOCABULARIES

Json = dict[str, Any]
_AT_LEAST, _EXACTLY = 2, 0


class ConceptSets:
    """The concept sets of one definition, numbered as they are asked for.

    `con` has the store's tables, as `Snapshot.connect` gives them.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._sets: list[Json] = []

    def number(self, name: str, *places: int) -> int:
        """The number of the set of these codes (places in `CODES`). NotFoundError where the store has none of them."""
        for known in self._sets:
            if known["name"] == name:
                return int(known["id"])
        items = [item for place in places for item in self._items(place)]
        if not items:
            wanted = ", ".join(f"{VOCABULARIES[CODES[p].system]} {CODES[p].code}" for p in places)
            raise NotFoundError(f"concept set '{name}': the store has no concept for {wanted}.")
        self._sets.append({"id": len(self._sets), "name": name, "expression": {"items": items}})
        return len(self._sets) - 1

    def document(self) -> list[Json]:
        return self._sets

    def _items(self, place: int) -> list[Json]:
        system, code, _ = CODES[place]
        found = self._con.execute(
            """SELECT concept_id, concept_name, domain_id, vocabulary_id, concept_class_id FROM concept
            WHERE concept_code = ? AND vocabulary_id IN (?, ?) ORDER BY concept_id""",
            [code, VOCABULARIES[system], system],
        ).fetchall()
        return [
            {
                "concept": {
                    "CONCEPT_ID": concept,
                    "CONCEPT_NAME": name,
                    "CONCEPT_CODE": code,
                    "DOMAIN_ID": domain,
                    "VOCABULARY_ID": vocabulary,
                    "CONCEPT_CLASS_ID": kind,
                },
                "isExcluded": False,
                "includeDescendants": False,
                "includeMapped": False,
            }
            for concept, name, domain, vocabulary, kind in found
        ]


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Path]:
    """Write every definition as `folder`/NAME.json for the store behind `con`; the files by name.

    NotFoundError where the store holds none of the codes of a concept set, as a very small campus may.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name in DEFINITIONS:
        path = folder / f"{name}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(definition(con, name)), indent=2) + b"\n")
        written[name] = path
    return written


def definition(con: duckdb.DuckDBPyConnection, name: str) -> Json:
    """One definition, as Circe's expression. NotFoundError where there is none of that name."""
    if name not in DEFINITIONS:
        raise NotFoundError(f"{name}: no such definition; there are {', '.join(DEFINITIONS)}.")
    sets = ConceptSets(con)
    built = DEFINITIONS[name](sets)
    return {"ConceptSets": sets.document(), **built}


def _new_metformin(sets: ConceptSets) -> Json:
    """Patients with type 2 diabetes who start metformin, with HbA1c before and after."""
    metformin = sets.number("Metformin", codes.METFORMIN)
    diabetes = sets.number("Type 2 diabetes", codes.DIABETES)
    hba1c = sets.number("HbA1c", codes.HBA1C)
    heart_failure = sets.number("Heart failure", codes.HEART_FAILURE)
    kidney_disease = sets.number("Kidney disease", codes.KIDNEY_DISEASE)
    return expression(
        drug(metformin, First=True),
        rules=[
            _rule("Between 30 and 80 years old", age=("bt", 30, 80)),
            _rule("Known to the hospital for half a year", _count({"VisitOccurrence": {}}, before=None, after=-180)),
            _rule("Type 2 diabetes by then", _count(condition(diabetes), before=None, after=0)),
            _rule("HbA1c of 7 % or more in the 90 days before", _count(_value(hba1c, at_least=7), before=90, after=0)),
            _rule("No heart failure by then", _none(condition(heart_failure), before=None, after=0)),
            _rule("No chronic kidney disease by then", _none(condition(kidney_disease), before=None, after=0)),
            _rule("HbA1c measured again within a year", _count(_value(hba1c), before=-30, after=365)),
        ],
        end={"CustomEra": {"DrugCodesetId": metformin, "GapDays": 60, "Offset": 30}},
    )


def _colon_cancer_with_specimen(sets: ConceptSets) -> Json:
    """New colon cancer, operated, without metastases, with a specimen taken within 30 days of the diagnosis."""
    cancer = sets.number("Cancer of the colon", codes.COLON_CANCER)
    colonoscopy = sets.number("Colonoscopy", codes.COLONOSCOPY)
    stage_4 = sets.number("Stage IV", codes.STAGE[3])
    removal = sets.number("Removal of part of the colon", codes.COLECTOMY)
    return expression(
        condition(cancer, First=True),
        rules=[
            _rule("Between 18 and 85 years old", age=("bt", 18, 85)),
            _rule("Found by colonoscopy", _count(_procedure(colonoscopy), before=30, after=0)),
            _rule("Not of stage IV", _none(condition(stage_4), before=0, after=30)),
            _rule("Operated within 90 days", _count(_procedure(removal), before=0, after=90)),
            _rule("A specimen taken within 30 days", _count({"Specimen": {}}, before=30, after=30)),
        ],
        end={"DateOffset": {"DateField": "StartDate", "Offset": 1825}},
    )


def _influenza_with_antiviral(sets: ConceptSets) -> Json:
    """Episodes of influenza in adults treated with oseltamivir, without pneumonia at the time."""
    influenza = sets.number("Influenza", codes.INFLUENZA)
    oseltamivir = sets.number("Oseltamivir", codes.OSELTAMIVIR)
    test = sets.number("Influenza test", codes.INFLUENZA_PCR)
    pneumonia = sets.number("Pneumonia", codes.PNEUMONIA)
    return expression(
        condition(influenza),
        limit="All",
        rules=[
            _rule("Adult", age=("gte", 18)),
            _rule("Oseltamivir within two days", _count(drug(oseltamivir), before=0, after=2)),
            _rule("Tested for the virus", _count(_value(test), before=2, after=2)),
            _rule("No pneumonia a month around", _none(condition(pneumonia), before=30, after=30)),
        ],
        end={"DateOffset": {"DateField": "StartDate", "Offset": 30}},
    )


def _arthritis_on_inhibitor(sets: ConceptSets) -> Json:
    """Patients with rheumatoid arthritis who start an inhibitor of TNF after methotrexate, inflamed in spite of it."""
    inhibitor = sets.number("Inhibitors of TNF", codes.ADALIMUMAB, codes.ETANERCEPT)
    arthritis = sets.number("Rheumatoid arthritis", codes.ARTHRITIS)
    methotrexate = sets.number("Methotrexate", codes.METHOTREXATE)
    crp = sets.number("CRP", codes.CRP)
    return expression(
        drug(inhibitor, First=True),
        rules=[
            _rule("Younger than 75 years", age=("lt", 75)),
            _rule("Rheumatoid arthritis by then", _count(condition(arthritis), before=None, after=0)),
            _rule("Methotrexate in the year before", _count(drug(methotrexate), before=365, after=-1)),
            _rule(
                "CRP of 10 mg/L or more in the half year before", _count(_value(crp, at_least=10), before=180, after=-1)
            ),
        ],
    )


DEFINITIONS: Mapping[str, Callable[[ConceptSets], Json]] = {
    "new-metformin": _new_metformin,
    "colon-cancer-with-specimen": _colon_cancer_with_specimen,
    "influenza-with-antiviral": _influenza_with_antiviral,
    "arthritis-on-anti-tnf": _arthritis_on_inhibitor,
}
"""How each definition is made, by its name."""


def expression(primary: Json, *, rules: list[Json], end: Json | None = None, limit: str = "First") -> Json:
    return {
        "PrimaryCriteria": {
            "CriteriaList": [primary],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": limit},
        },
        "QualifiedLimit": {"Type": limit},
        "ExpressionLimit": {"Type": limit},
        "InclusionRules": rules,
        **({"EndStrategy": end} if end else {}),
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
        "cdmVersionRange": ">=5.0.0",
    }


def _rule(name: str, *counts: Json, age: tuple[Any, ...] | None = None) -> Json:
    demographics = []
    if age is not None:
        extent = {"Extent": age[2]} if len(age) == 3 else {}
        demographics.append({"Age": {"Value": age[1], "Op": age[0], **extent}})
    return {
        "name": name,
        "expression": {
            "Type": "ALL",
            "CriteriaList": list(counts),
            "DemographicCriteriaList": demographics,
            "Groups": [],
        },
    }


def condition(concepts: int, **more: Any) -> Json:
    return {"ConditionOccurrence": {"ConditionSourceConcept": concepts, **more}}


def drug(concepts: int, **more: Any) -> Json:
    return {"DrugExposure": {"DrugSourceConcept": concepts, **more}}


def _procedure(concepts: int) -> Json:
    return {"ProcedureOccurrence": {"ProcedureSourceConcept": concepts}}


def _value(concepts: int, *, at_least: float | None = None) -> Json:
    wanted = {} if at_least is None else {"ValueAsNumber": {"Value": at_least, "Op": "gte"}}
    return {"Measurement": {"MeasurementSourceConcept": concepts, **wanted}}


def _count(criteria: Json, *, before: int | None, after: int, occurrence: tuple[int, int] = (_AT_LEAST, 1)) -> Json:
    """How often something starts from `before` days before the index (None: ever) to `after` days after it.

    Negative days lie on the other side of the index.
    """
    start = {"Coeff": -1} if before is None else _edge(-before)
    return {
        "Criteria": criteria,
        "StartWindow": {"Start": start, "End": _edge(after), "UseIndexEnd": False, "UseEventEnd": False},
        "Occurrence": {"Type": occurrence[0], "Count": occurrence[1]},
    }


def _none(criteria: Json, *, before: int | None, after: int) -> Json:
    return _count(criteria, before=before, after=after, occurrence=(_EXACTLY, 0))


def _edge(days: int) -> Json:
    return {"Days": abs(days), "Coeff": -1 if days < 0 else 1}
