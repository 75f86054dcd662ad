"""The codes of ICD-10 of the conditions in a store: as they were recorded, or of what was recorded in other words.

A condition that was recorded in ICD-10 has that code, and no other. Of one in other words (SNOMED CT, as a rule) no
more is told than its category of three characters: that of the codes of ICD-10 which the vocabulary maps to it alone,
where all of them are of one category; else what `CATEGORIES` says. Of all the rest no code is told.
"""

from __future__ import annotations

from wardbench.ward.samples.schema import ICD10

CATEGORIES = {
    "6142004": "J11",
    "10509002": "J20",
    "13645005": "J44",
    "22298006": "I21",
    "25374005": "A09",
    "35489007": "F32",
    "37796009": "G43",
    "38341003": "I10",
    "39848009": "S13",
    "40275004": "L25",
    "40930008": "E03",
    "44054006": "E11",
    "44465007": "S93",
    "49436004": "I48",
    "55822004": "E78",
    "58150001": "S42",
    "62106007": "S06",
    "64859006": "M81",
    "65363002": "H66",
    "65966004": "S52",
    "68566005": "N39",
    "69896004": "M06",
    "74400008": "K37",
    "84114007": "I50",
    "128045006": "L03",
    "193462001": "G47",
    "195662009": "J02",
    "195967001": "J45",
    "230690007": "I64",
    "233604007": "J18",
    "235919008": "K80",
    "239873007": "M17",
    "279039007": "M54",
    "283385000": "S71",
    "359817006": "S72",
    "363406005": "C18",
    "444814009": "J01",
    "709044004": "N18",
}
"""Frequent conditions in SNOMED CT, and their categories in ICD-10: for stores without the vocabulary's own maps."""

_KNOWN = ", ".join(f"('{code}', '{category}')" for code, category in CATEGORIES.items())
_VALID = "coalesce({}.invalid_reason, '') = ''"

CODED = f"""
    icd AS MATERIALIZED (
        SELECT concept_id, upper(concept_code) AS code FROM concept
        WHERE vocabulary_id LIKE 'ICD10%' AND vocabulary_id <> 'ICD10PCS'
            AND regexp_matches(upper(concept_code), '{ICD10}')
    ), said AS (
        SELECT any_value(r.concept_id_2) AS concept_id, left(icd.code, 3) AS category
        FROM icd JOIN concept_relationship r ON r.concept_id_1 = icd.concept_id
        WHERE r.relationship_id = 'Maps to' AND {_VALID.format("r")}
        GROUP BY icd.concept_id, icd.code HAVING count(DISTINCT r.concept_id_2) = 1
    ), mapped AS (
        SELECT concept_id, any_value(category) AS code FROM said GROUP BY concept_id HAVING count(DISTINCT category) = 1
    ), other AS MATERIALIZED (
        FROM mapped
        UNION ALL
        SELECT c.concept_id, k.code FROM concept c JOIN (VALUES {_KNOWN}) k(snomed, code) ON k.snomed = c.concept_code
        WHERE c.vocabulary_id = 'SNOMED' AND c.concept_id NOT IN (SELECT concept_id FROM said)
    ), coded AS (
        SELECT o.person_id, o.condition_start_date AS since, icd.code
        FROM condition_occurrence o JOIN icd ON icd.concept_id = o.condition_source_concept_id
        UNION ALL
        SELECT o.person_id, o.condition_start_date, other.code
        FROM condition_occurrence o ANTI JOIN icd ON icd.concept_id = o.condition_source_concept_id
        JOIN other ON other.concept_id = coalesce(nullif(o.condition_concept_id, 0), o.condition_source_concept_id)
    )"""
"""SQL for a WITH: at its end `coded`, with person_id, since (a day) and code of each condition that has one."""
