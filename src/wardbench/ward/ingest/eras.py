"""Condition and drug eras: occurrences of one concept that follow one another within a persistence window.

The rule is OHDSI's (the era scripts of the Common Data Model's manual): an occurrence that starts at most 30 days
after everything before it has ended continues the era, a later one begins another. Where the scripts count different
start days, an era here counts its records, as the model's field list says.
"""

from __future__ import annotations

import duckdb

PERSISTENCE_DAYS = 30
"""Days without an occurrence that an era survives."""


def condition_eras() -> str:
    """SQL for `condition_era` from `condition_occurrence`.

    A condition without an end lasts a day: it ends on the day after it started. Concept 0 has no eras, for it is not
    one condition.
    """
    occurrences = """
        SELECT person_id, condition_concept_id AS concept, condition_start_date AS start_day,
            greatest(condition_start_date, coalesce(condition_end_date, condition_start_date + 1)) AS end_day,
            1 AS records
        FROM condition_occurrence
        WHERE condition_concept_id <> 0 AND condition_start_date IS NOT NULL"""
    return f"""
        SELECT row_number() OVER (ORDER BY person_id, concept, start_day) AS condition_era_id, person_id,
            concept AS condition_concept_id, start_day AS condition_era_start_date, end_day AS condition_era_end_date,
            records AS condition_occurrence_count
        FROM ({_merged(occurrences, PERSISTENCE_DAYS)})"""


def drug_eras() -> str:
    """SQL for `drug_era` from `drug_exposure`, each drug rolled up to its ingredients by the vocabulary.

    An exposure ends on its end date, else after its days of supply, else on the day after it started.
    `gap_days` is the era's length less that of the exposures in it, those that overlap counted once (no stockpiling).
    Drugs without an ingredient have no eras; `knows_ingredients` says whether any can have.
    """
    exposures = f"""
        SELECT e.person_id, i.ingredient AS concept, e.drug_exposure_start_date AS start_day,
            greatest(e.drug_exposure_start_date, coalesce(e.drug_exposure_end_date,
                e.drug_exposure_start_date + nullif(e.days_supply, 0), e.drug_exposure_start_date + 1)) AS end_day,
            1 AS records
        FROM drug_exposure e JOIN ({_INGREDIENTS}) i ON i.drug = e.drug_concept_id
        WHERE e.drug_concept_id <> 0 AND e.drug_exposure_start_date IS NOT NULL"""
    exposed = f"SELECT *, end_day - start_day AS days FROM ({_merged(exposures, 0)})"
    return f"""
        SELECT row_number() OVER (ORDER BY person_id, concept, start_day) AS drug_era_id, person_id,
            concept AS drug_concept_id, start_day AS drug_era_start_date, end_day AS drug_era_end_date,
            records AS drug_exposure_count, end_day - start_day - days AS gap_days
        FROM ({_merged(exposed, PERSISTENCE_DAYS, ", sum(days) AS days")})"""


def knows_ingredients(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the vocabulary in `con` can roll any drug up to an ingredient."""
    return con.execute(f"SELECT 1 FROM ({_INGREDIENTS}) LIMIT 1").fetchone() is not None


_INGREDIENTS = """
    SELECT DISTINCT a.descendant_concept_id AS drug, a.ancestor_concept_id AS ingredient
    FROM concept_ancestor a JOIN concept c ON c.concept_id = a.ancestor_concept_id
    WHERE c.concept_class_id = 'Ingredient' AND c.vocabulary_id IN ('RxNorm', 'RxNorm Extension')"""


def _merged(spans: str, window: int, further: str = "") -> str:
    """Spans of one person and concept joined where at most `window` days lie between them."""
    return f"""
        SELECT person_id, concept, min(start_day) AS start_day, max(end_day) AS end_day,
            sum(records)::BIGINT AS records{further}
        FROM (
            SELECT *, count(*) FILTER (WHERE ended IS NULL OR start_day > ended + {window}) OVER (
                PARTITION BY person_id, concept ORDER BY start_day, end_day ROWS UNBOUNDED PRECEDING) AS era
            FROM (
                SELECT *, max(end_day) OVER (
                    PARTITION BY person_id, concept ORDER BY start_day, end_day
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended
                FROM ({spans})))
        GROUP BY person_id, concept, era"""
