"""Descriptions en français : descriptions in French."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, Literal, NamedTuple

from wardbench.ward.cohorts.describe.language import Anchor, Language, amount, in_threes, listed
from wardbench.ward.cohorts.plan import Dates, Day, Edge, EndOfEra, Occurs, Window

NARROW = "\N{NARROW NO-BREAK SPACE}"
FIXED = "\N{NO-BREAK SPACE}"


class Noun(NamedTuple):
    """One, several, whether feminine, and what stands between a noun and its concepts."""

    one: str
    several: str
    feminine: bool = False
    of: str = "de"


RECORDS: Mapping[str, Noun] = {
    "condition_occurrence": Noun("diagnostic", "diagnostics"),
    "drug_exposure": Noun("exposition médicamenteuse", "expositions médicamenteuses", True, "à"),
    "procedure_occurrence": Noun("acte", "actes", of="de type"),
    "device_exposure": Noun(
        "exposition à un dispositif médical", "expositions à un dispositif médical", True, "de type"
    ),
    "measurement": Noun("mesure", "mesures", True),
    "observation": Noun("observation", "observations", True),
    "visit_occurrence": Noun("visite", "visites", True, "de type"),
    "visit_detail": Noun("étape de visite", "étapes de visite", True, "de type"),
    "specimen": Noun("échantillon", "échantillons", of="de type"),
    "death": Noun("décès", "décès", of="par"),
    "condition_era": Noun("période de maladie", "périodes de maladie", True, "par"),
    "drug_era": Noun("période de traitement", "périodes de traitement", True, "par"),
    "dose_era": Noun("période à dose constante", "périodes à dose constante", True),
    "observation_period": Noun("période d'observation", "périodes d'observation", True, "de type"),
    "payer_plan_period": Noun("période d'assurance maladie", "périodes d'assurance maladie", True, "de type"),
    "location_history": Noun("séjour dans une région", "séjours dans une région", of="de type"),
}
OPERATORS: Mapping[str, str] = {
    "lt": "< {}",
    "lte": "≤ {}",
    "eq": "= {}",
    "ne": "≠ {}",
    "gt": "> {}",
    "gte": "≥ {}",
    "between": "entre {} et {}",
    "not_between": "hors de l'intervalle de {} à {}",
}
DATES: Mapping[str, str] = {
    "lt": "avant le {}",
    "lte": "au plus tard le {}",
    "eq": "le {}",
    "ne": "un autre jour que le {}",
    "gt": "après le {}",
    "gte": "au plus tôt le {}",
    "between": "entre le {} et le {}",
    "not_between": "en dehors des jours du {} au {}",
}
TEXTS: Mapping[str, tuple[str, str]] = {
    "contains": ("qui contient {}", "qui ne contient pas {}"),
    "starts_with": ("qui commence par {}", "qui ne commence pas par {}"),
    "ends_with": ("qui se termine par {}", "qui ne se termine pas par {}"),
    "equals": ("égal à {}", "différent de {}"),
    "like": (
        "de la forme {} (% vaut pour tous caractères, _ pour un seul)",
        "qui n'est pas de la forme {} (% vaut pour tous caractères, _ pour un seul)",
    ),
}
COUNTED: Mapping[str, Noun] = {
    "concept_id": Noun("concept distinct", "concepts distincts"),
    "start_date": Noun("date de début distincte", "dates de début distinctes", True),
    "end_date": Noun("date de fin distincte", "dates de fin distinctes", True),
    "visit_occurrence_id": Noun("visite distincte", "visites distinctes", True),
}
ENDS: Mapping[tuple[str, ...], str] = {
    ("end",): (
        "{} : la fin est celle qui est enregistrée ; en son absence il n'y a pas de fin, et rien de ce qui est demandé "
        "à son sujet n'est satisfait"
    ),
    ("next_day",): "{} : la fin est le lendemain du début",
    ("end", "next_day"): "{} : en l'absence de fin enregistrée, la fin est le lendemain du début",
    ("end", "days_supply", "next_day"): (
        "{} : en l'absence de fin enregistrée, la fin suit le début d'autant de jours qu'il en a été délivré, ou à "
        "défaut elle est le lendemain du début"
    ),
    ("end", "far_end"): "{} : en l'absence de fin enregistrée, la fin est le 31 décembre 2099",
}


class French(Language):
    code = "fr"
    colon = " :"
    semicolon = " ;"
    months = (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "start_date": "début",
        "end_date": "fin",
        "days": "durée en jours",
        "age_at_start": "âge au début (en années civiles)",
        "age_at_end": "âge à la fin (en années civiles)",
        "gender_concept_id": "sexe",
        "race_concept_id": "origine (race)",
        "ethnicity_concept_id": "origine ethnique",
        "visit_concept_id": "type de visite",
        "specialty_concept_id": "spécialité du soignant",
        "place_of_service_concept_id": "lieu de soins",
        "place_of_service_region_concept_id": "région du lieu de soins",
        "effective_drug_dose": "dose efficace",
        "dose_unit_concept_id": "unité de la dose",
        "value_as_number": "valeur",
        "value_as_concept_id": "valeur codée",
        "value_as_string": "valeur textuelle",
        "range_low": "borne inférieure de l'intervalle de référence",
        "range_high": "borne supérieure de l'intervalle de référence",
        "range_low_ratio": "valeur divisée par la borne inférieure de l'intervalle de référence",
        "range_high_ratio": "valeur divisée par la borne supérieure de l'intervalle de référence",
        "unit_concept_id": "unité",
        "operator_concept_id": "opérateur de comparaison",
        "quantity": "quantité",
        "refills": "nombre de renouvellements",
        "days_supply": "nombre de jours délivrés",
        "route_concept_id": "voie d'administration",
        "lot_number": "numéro de lot",
        "stop_reason": "motif d'arrêt",
        "unique_device_id": "identifiant unique du dispositif",
        "modifier_concept_id": "modificateur de l'acte",
        "qualifier_concept_id": "qualificatif",
        "anatomic_site_concept_id": "site anatomique",
        "disease_status_concept_id": "statut pathologique de l'échantillon",
        "specimen_source_id": "numéro de l'échantillon dans la source",
        "condition_status_concept_id": "statut du diagnostic",
        "condition_occurrence_count": "nombre de diagnostics dans la période",
        "drug_exposure_count": "nombre d'expositions dans la période",
        "gap_days": "jours d'interruption dans la période",
        "dose_value": "dose",
        "condition_type_concept_id": "provenance du diagnostic",
        "drug_type_concept_id": "provenance de l'exposition",
        "device_type_concept_id": "provenance de l'exposition au dispositif",
        "procedure_type_concept_id": "provenance de l'acte",
        "measurement_type_concept_id": "provenance de la mesure",
        "observation_type_concept_id": "provenance de l'observation",
        "specimen_type_concept_id": "provenance de l'échantillon",
        "visit_type_concept_id": "provenance de la visite",
        "visit_detail_type_concept_id": "provenance de l'étape de visite",
        "death_type_concept_id": "provenance de l'information sur le décès",
        "period_type_concept_id": "provenance de la période d'observation",
        "payer_concept_id": "organisme payeur",
        "plan_concept_id": "contrat d'assurance",
        "sponsor_concept_id": "financeur du contrat",
        "stop_reason_concept_id": "motif de fin du contrat",
        "payer_source_concept_id": "organisme payeur dans la source",
        "plan_source_concept_id": "contrat d'assurance dans la source",
        "sponsor_source_concept_id": "financeur du contrat dans la source",
        "stop_reason_source_concept_id": "motif de fin du contrat dans la source",
    }

    entry_title = "Les événements index sont :"
    cohort_title = "La cohorte est constituée ainsi :"
    sets_title = "Ensembles de concepts :"
    items_title = "Tous les éléments des grands ensembles de concepts :"
    notes_title = "Dans tout ce qui précède :"

    entry_events = "les événements index."
    entry_events_of_every_rule = "les événements index qui satisfont à tous les critères d'inclusion."
    together = "tous ces événements ensemble :"
    satisfying = "Parmi ces événements, ceux qui satisfont à :"
    among = "il s'agit de l'un de ceux-ci :"
    same_event = "la fin du même événement parmi ceux-ci :"
    nothing_asked = "rien n'est demandé."
    with_all = "avec tout ce qui suit :"
    at_any_time = "à tout moment"
    any_period = "dans la période d'observation ou en dehors"
    same_visit = "pendant la même visite"
    only_first = "uniquement la première occurrence chez chaque personne"
    abnormal = "une valeur hors de son intervalle de référence, ou codée comme anormalement élevée ou basse"
    nothing = "rien de demandé"

    until_earliest = (
        "Chacun dure jusqu'au premier de ces jours inclus ; les jours antérieurs à son début ne comptent pas, et celui "
        "qui n'a pas d'autre jour est écarté :"
    )
    until_only = "Chacun dure jusqu'à ce jour inclus, et est écarté si ce jour précède son début :"
    until = "Chacun reçoit cette fin :"
    end_of_observation = "la fin de la période d'observation."
    first_event = "le début du premier de ceux-ci, entre son propre début et la fin de la période d'observation :"

    periods_note = (
        "Autour d'un événement ne comptent que les événements qui débutent dans la même période d'observation, sauf "
        "mention contraire."
    )
    bounds_note = "Le premier et le dernier jour d'un intervalle en font tous deux partie."

    def rule_title(self, number: int, name: str) -> str:
        return f"Critère d'inclusion {number}{f', {name}' if name else ''} :"

    def entry_events_of_rule(self, number: int) -> str:
        return f"les événements index qui satisfont au critère d'inclusion {number}."

    def quoted(self, name: str) -> str:
        return f"«{FIXED}{name}{FIXED}»"

    def unnamed_set(self, number: int) -> str:
        return f"l'ensemble de concepts {number}"

    def numbered_set(self, name: str, number: int) -> str:
        return f"{name} (ensemble {number})"

    def calendar_day(self, day: date) -> str:
        return f"{'1er' if day.day == 1 else day.day} {self.months[day.month - 1]} {day.year}"

    def days(self, count: int) -> str:
        return f"{self.number(count)} jour{'' if abs(count) < 2 else 's'}"

    def records(self, table: str, concepts: str | None) -> str:
        return _of(table, 2, concepts)

    def counted(self, occurs: Occurs, table: str, concepts: str | None) -> str:
        least, most, number = amount(occurs)
        if occurs.distinct is None:
            return f"{_amount(least, most, RECORDS[table].feminine)} {_of(table, number, concepts)}"
        return f"{self._counted(occurs.distinct, least, most, number)} parmi les {_of(table, 2, concepts)}"

    def counted_among(self, occurs: Occurs) -> str:
        least, most, number = amount(occurs)
        if occurs.distinct is None:
            return f"{_amount(least, most, False)} de ces événements"
        return f"{self._counted(occurs.distinct, least, most, number)} parmi ces événements"

    def _counted(self, column: str, least: int, most: int | None, number: int) -> str:
        noun = COUNTED[column]
        return f"{_amount(least, most, noun.feminine)} {noun.one if number < 2 else noun.several}"

    def source(self, concepts: str) -> str:
        return f"avec un concept source dans {concepts}"

    def moved(self, dates: Dates) -> str:
        start = _offset(self, dates.start_days, _side(dates.start_from, "leur", "leur"))
        end = _offset(self, dates.end_days, _side(dates.end_from, "leur", "leur"))
        return f"avec pour début {start} et pour fin {end}"

    def fixed_start(self, day: date) -> str:
        return f"puis avec pour début le {self.calendar_day(day)}"

    def fixed_end(self, day: date) -> str:
        return f"puis avec pour fin le {self.calendar_day(day)}"

    def having(self, conditions: Sequence[str]) -> str:
        return f"avec {listed(conditions, 'et')}"

    def of_these_having(self, conditions: Sequence[str]) -> str:
        return f"Parmi ces événements, ceux avec {listed(conditions, 'et') if conditions else self.nothing}."

    def leaving_out(self, persons: int) -> str:
        who = "1 personne laissée" if persons == 1 else f"{persons} personnes laissées"
        return f"Parmi ces événements, ceux de tout le monde sauf {who} de côté."

    def observed(self, before: int, after: int) -> str:
        around = self._around(before, after)
        return f"Parmi ces événements, ceux qui débutent pendant une période d'observation{around}."

    def observed_and(self, before: int, after: int) -> str:
        around = self._around(before, after)
        return (
            f"Parmi ces événements, ceux qui débutent pendant une période d'observation{around}, et qui satisfont à :"
        )

    def _around(self, before: int, after: int) -> str:
        sides = [f"au moins {self.days(before)} avant le début"] if before else []
        sides += [f"au moins {self.days(after)} après le début"] if after else []
        return f" comptant {listed(sides, 'et')}" if sides else ""

    def numbered(self, latest_first: bool) -> str:
        order = "dernier au premier" if latest_first else "premier au dernier"
        return f"Ceux de chaque personne sont pris dans l'ordre, du {order}."

    def number_one(self, latest_first: bool) -> str:
        return f"Parmi ces événements, uniquement le {'dernier' if latest_first else 'premier'} de chaque personne."

    def picked(self, which: Literal["numbered", "earliest", "latest"]) -> str:
        if which == "numbered":
            return "Parmi ces événements, uniquement celui de chaque personne qui vient en tête de leur ordre."
        when = "plus tôt" if which == "earliest" else "plus tard"
        return f"Parmi ces événements, uniquement celui de chaque personne qui débute le {when}."

    def how_many(self, at_least: int, at_most: int | None, tests: int) -> str:
        if at_most is None:
            if at_least == tests:
                return "tous ces critères :" if tests > 1 else "ce critère :"
            return f"au moins {'un' if at_least == 1 else at_least} de ces critères :"
        if at_least == at_most:
            return f"exactement {at_least} de ces critères :" if at_least else "aucun de ces critères :"
        how_many = f"au plus {at_most}" if at_least == 0 else f"de {at_least} à {at_most}"
        return f"{how_many} de ces critères :"

    def end_at_offset(self, day: Day, days: int) -> str:
        end = _offset(self, days, _side(day, "son", "sa"))
        return f"{end}, ou la fin de la période d'observation si elle est antérieure."

    def end_of_era(self, end: EndOfEra, drugs: str) -> str:
        lasts = "jusqu'à sa fin" if end.days_supply is None else f"{self.days(end.days_supply)} à partir de son début"
        more = f", plus {self.days(end.offset)}" if end.offset else ""
        return (
            f"la fin de la période continue d'exposition à {drugs} pendant laquelle il débute (les interruptions d'au "
            f"plus {self.days(end.gap)} sont comblées, et chaque exposition dure {lasts}{more})."
        )

    def joined(self, gap: int) -> str:
        which = "se chevauchent ou se touchent" if gap == 0 else f"sont espacées d'au plus {self.days(gap)}"
        return f"Les périodes d'une même personne qui {which} sont réunies en une seule."

    def cut(self, earliest: date | None, latest: date | None) -> str:
        sides = [f"à partir du {self.calendar_day(earliest)}"] if earliest else []
        sides += [f"jusqu'au {self.calendar_day(latest)} inclus"] if latest else []
        return f"De ces périodes, uniquement les jours {' '.join(sides)}."

    def number_is(self, field: str, operator: str, value: str, extent: str) -> str:
        return f"{field} {OPERATORS[operator].format(value, extent)}"

    def date_is(self, field: str, operator: str, value: str, extent: str) -> str:
        return f"{field} {DATES[operator].format(value, extent)}"

    def concept_is(self, field: str, concepts: Sequence[str], in_set: bool, negated: bool) -> str:
        among = f"dans {concepts[0]}" if in_set else listed(concepts, "ou") if concepts else "aucune valeur"
        if not negated:
            return f"{field} : {among}"
        return f"{field} : toute valeur connue sauf {among}"

    def text_is(self, field: str, match: str, text: str, negated: bool) -> str:
        return f"{field} : un texte {TEXTS[match][negated].format(text)}"

    def window(self, window: Window, anchor: Anchor) -> str:
        what = "débutant" if window.event == "start" else "se terminant"
        match window.earliest, window.latest:
            case None, None:
                return f"{what} à tout moment avant ou après {_day(window.index, anchor)}"
            case earliest, None:
                return f"{what} au plus tôt {_on(_bound(self, earliest, window.index, anchor))}"
            case None, latest:
                return f"{what} au plus tard {_on(_bound(self, latest, window.index, anchor))}"
            case earliest, latest if earliest == latest:
                return f"{what} {_on(_bound(self, earliest, window.index, anchor))}"
            case earliest, latest:
                first, last = (_bound(self, bound, window.index, anchor) for bound in (earliest, latest))
                return f"{what} entre {first} et {last}"

    def item(self, concept: str, descendants: bool, mapped: bool) -> str:
        extras = [w for w, there in (("ses descendants", descendants), ("les concepts liés", mapped)) if there]
        return f"{concept} avec {listed(extras, 'et')}" if extras else concept

    def items(self, included: Sequence[str], excluded: Sequence[str]) -> str:
        said = " ; ".join(included) or "aucun concept"
        return f"{said} ; sauf {' ; '.join(excluded)}" if excluded else said

    def summed_up(self, included: int, excluded: int) -> str:
        some = f"{self.number(included)} élément{'' if included < 2 else 's'}"
        without = f" et {self.number(excluded)} exclu{'' if excluded < 2 else 's'}" if excluded else ""
        return f"{some}{without}, énumérés à la fin"

    def missing_ends(self, ends: tuple[str, ...], tables: Sequence[str]) -> str:
        said = ENDS[ends].format(listed([RECORDS[table].several for table in tables], "et"))
        return f"{said[0].upper()}{said[1:]}."

    def grouped(self, digits: str) -> str:
        return in_threes(digits, NARROW)


def _of(table: str, number: int, concepts: str | None) -> str:
    noun = RECORDS[table]
    said = noun.one if number < 2 else noun.several
    return f"{said} {noun.of} {concepts}" if concepts else said


def _amount(least: int, most: int | None, feminine: bool) -> str:
    if most is None:
        return f"au moins {least}"
    if most == least:
        return f"exactement {least}" if least else f"aucun{'e' if feminine else ''}"
    return f"au plus {most}" if least == 0 else f"de {least} à {most}"


def _side(day: Day, masculine: str, feminine: str) -> str:
    return f"{masculine} début" if day == "start" else f"{feminine} fin"


def _offset(say: French, days: int, what: str) -> str:
    return what if days == 0 else f"{say.days(abs(days))} {'après' if days > 0 else 'avant'} {what}"


def _day(index: Day, anchor: Anchor) -> str:
    if (anchor, index) == ("entry", "start"):
        return "la date index"
    event = "l'événement index" if anchor == "entry" else "l'événement"
    return f"le jour où {event} {'débute' if index == 'start' else 'se termine'}"


def _bound(say: French, bound: int | Edge | None, index: Day, anchor: Anchor) -> str:
    match bound:
        case Edge.PERIOD_START:
            return "le premier jour d'observation"
        case Edge.PERIOD_END:
            return "le dernier jour d'observation"
    assert isinstance(bound, int)
    if bound == 0:
        return _day(index, anchor)
    event = "l'événement index" if anchor == "entry" else "l'événement"
    side = f"{'le début' if index == 'start' else 'la fin'} de {event}"
    near = "la date index" if (anchor, index) == ("entry", "start") else side
    return f"{say.days(abs(bound))} {'après' if bound > 0 else 'avant'} {near}"


def _on(day: str) -> str:
    return f"à {day}" if day.startswith("la ") else day
