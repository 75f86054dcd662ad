"""Beschrijvingen in het Nederlands: descriptions in Dutch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, Literal

from wardbench.ward.cohorts.describe.language import Anchor, Language, amount, in_threes, listed
from wardbench.ward.cohorts.plan import Dates, Day, Edge, EndOfEra, Occurs, Window

RECORDS: Mapping[str, tuple[str, str, str]] = {
    "condition_occurrence": ("diagnose", "diagnoses", "van"),
    "drug_exposure": ("geneesmiddelblootstelling", "geneesmiddelblootstellingen", "aan"),
    "procedure_occurrence": ("verrichting", "verrichtingen", "van het type"),
    "device_exposure": ("hulpmiddelblootstelling", "hulpmiddelblootstellingen", "aan"),
    "measurement": ("meting", "metingen", "van"),
    "observation": ("observatie", "observaties", "van"),
    "visit_occurrence": ("zorgcontact", "zorgcontacten", "van het type"),
    "visit_detail": ("deelcontact", "deelcontacten", "van het type"),
    "specimen": ("staal", "stalen", "van het type"),
    "death": ("sterfgeval", "sterfgevallen", "door"),
    "condition_era": ("ziekteperiode", "ziekteperioden", "van"),
    "drug_era": ("behandelperiode", "behandelperioden", "met"),
    "dose_era": ("doseringsperiode", "doseringsperioden", "van"),
    "observation_period": ("observatieperiode", "observatieperioden", "van het type"),
    "payer_plan_period": ("verzekeringsperiode", "verzekeringsperioden", "van het type"),
    "location_history": ("verblijf in een streek", "verblijven in een streek", "van het type"),
}
"""One record, several, and what stands between them and their concepts."""
OPERATORS: Mapping[str, str] = {
    "lt": "minder dan {}",
    "lte": "ten hoogste {}",
    "eq": "gelijk aan {}",
    "ne": "ongelijk aan {}",
    "gt": "meer dan {}",
    "gte": "ten minste {}",
    "between": "van {} tot en met {}",
    "not_between": "buiten {} tot en met {}",
}
DATES: Mapping[str, str] = {
    "lt": "vóór {}",
    "lte": "uiterlijk op {}",
    "eq": "op {}",
    "ne": "niet op {}",
    "gt": "na {}",
    "gte": "op of na {}",
    "between": "van {} tot en met {}",
    "not_between": "buiten de dagen van {} tot en met {}",
}
TEXTS: Mapping[str, tuple[str, str]] = {
    "contains": ("die {} bevat", "die {} niet bevat"),
    "starts_with": ("die met {} begint", "die niet met {} begint"),
    "ends_with": ("die op {} eindigt", "die niet op {} eindigt"),
    "equals": ("die gelijk is aan {}", "die niet gelijk is aan {}"),
    "like": (
        "van de vorm {} (% staat voor willekeurige tekens, _ voor één)",
        "niet van de vorm {} (% staat voor willekeurige tekens, _ voor één)",
    ),
}
COUNTED: Mapping[str, tuple[str, str]] = {
    "concept_id": ("verschillend concept", "verschillende concepten"),
    "start_date": ("verschillende begindatum", "verschillende begindatums"),
    "end_date": ("verschillende einddatum", "verschillende einddatums"),
    "visit_occurrence_id": ("verschillend zorgcontact", "verschillende zorgcontacten"),
}
ENDS: Mapping[tuple[str, ...], str] = {
    ("end",): (
        "{} eindigen op de vastgelegde einddatum; ontbreekt die, dan hebben zij geen einde en voldoen zij aan niets "
        "wat daarover wordt gevraagd"
    ),
    ("next_day",): "{} eindigen op de dag na hun begin",
    ("end", "next_day"): "{} zonder vastgelegde einddatum eindigen op de dag na hun begin",
    ("end", "days_supply", "next_day"): (
        "{} zonder vastgelegde einddatum eindigen zoveel dagen na hun begin als waarvoor is verstrekt, of op de dag na "
        "hun begin als ook dat niet is vastgelegd"
    ),
    ("end", "far_end"): "{} zonder vastgelegde einddatum eindigen op 31 december 2099",
}


class Dutch(Language):
    code = "nl"
    months = (
        *("januari", "februari", "maart", "april", "mei", "juni", "juli"),
        *("augustus", "september", "oktober", "november", "december"),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "start_date": "begin",
        "end_date": "einde",
        "days": "duur in dagen",
        "age_at_start": "leeftijd bij het begin (in kalenderjaren)",
        "age_at_end": "leeftijd bij het einde (in kalenderjaren)",
        "gender_concept_id": "geslacht",
        "race_concept_id": "afkomst (race)",
        "ethnicity_concept_id": "etniciteit",
        "visit_concept_id": "soort zorgcontact",
        "specialty_concept_id": "specialisme van de zorgverlener",
        "place_of_service_concept_id": "plaats van zorg",
        "place_of_service_region_concept_id": "streek van de plaats van zorg",
        "effective_drug_dose": "werkzame dosis",
        "dose_unit_concept_id": "eenheid van de dosis",
        "value_as_number": "waarde",
        "value_as_concept_id": "gecodeerde waarde",
        "value_as_string": "waarde als tekst",
        "range_low": "ondergrens van het referentie-interval",
        "range_high": "bovengrens van het referentie-interval",
        "range_low_ratio": "waarde gedeeld door de ondergrens van het referentie-interval",
        "range_high_ratio": "waarde gedeeld door de bovengrens van het referentie-interval",
        "unit_concept_id": "eenheid",
        "operator_concept_id": "vergelijkingsteken",
        "quantity": "hoeveelheid",
        "refills": "aantal herhalingen",
        "days_supply": "aantal dagen waarvoor is verstrekt",
        "route_concept_id": "toedieningsweg",
        "lot_number": "partijnummer",
        "stop_reason": "reden van stoppen",
        "unique_device_id": "uniek hulpmiddelnummer",
        "modifier_concept_id": "toevoeging aan de verrichting",
        "qualifier_concept_id": "kwalificatie",
        "anatomic_site_concept_id": "anatomische locatie",
        "disease_status_concept_id": "ziektestatus van het staal",
        "specimen_source_id": "nummer van het staal in de bron",
        "condition_status_concept_id": "status van de diagnose",
        "condition_occurrence_count": "aantal diagnoses in de periode",
        "drug_exposure_count": "aantal blootstellingen in de periode",
        "gap_days": "dagen onderbreking in de periode",
        "dose_value": "dosis",
        "condition_type_concept_id": "herkomst van de diagnose",
        "drug_type_concept_id": "herkomst van de blootstelling",
        "device_type_concept_id": "herkomst van de hulpmiddelblootstelling",
        "procedure_type_concept_id": "herkomst van de verrichting",
        "measurement_type_concept_id": "herkomst van de meting",
        "observation_type_concept_id": "herkomst van de observatie",
        "specimen_type_concept_id": "herkomst van het staal",
        "visit_type_concept_id": "herkomst van het zorgcontact",
        "visit_detail_type_concept_id": "herkomst van het deelcontact",
        "death_type_concept_id": "herkomst van het overlijdensbericht",
        "period_type_concept_id": "herkomst van de observatieperiode",
        "payer_concept_id": "betaler",
        "plan_concept_id": "verzekeringspolis",
        "sponsor_concept_id": "financier van de polis",
        "stop_reason_concept_id": "reden van beëindiging van de polis",
        "payer_source_concept_id": "betaler in de bron",
        "plan_source_concept_id": "verzekeringspolis in de bron",
        "sponsor_source_concept_id": "financier van de polis in de bron",
        "stop_reason_source_concept_id": "reden van beëindiging van de polis in de bron",
    }

    entry_title = "De indexgebeurtenissen zijn:"
    cohort_title = "Het cohort is:"
    sets_title = "Conceptsets:"
    items_title = "Alle onderdelen van de grotere conceptsets:"
    notes_title = "Overal geldt:"

    entry_events = "de indexgebeurtenissen."
    entry_events_of_every_rule = "de indexgebeurtenissen die aan elk inclusiecriterium voldoen."
    together = "al deze gebeurtenissen samen:"
    satisfying = "Hiervan de gebeurtenissen die voldoen aan:"
    among = "het is een van deze:"
    same_event = "het einde van dezelfde gebeurtenis onder deze:"
    nothing_asked = "er wordt niets gevraagd."
    with_all = "met al het volgende:"
    at_any_time = "op enig moment"
    any_period = "binnen de observatieperiode of daarbuiten"
    same_visit = "tijdens hetzelfde zorgcontact"
    only_first = "alleen de eerste van elke persoon"
    abnormal = "een waarde buiten het eigen referentie-interval, of gecodeerd als afwijkend hoog of laag"
    nothing = "niets gevraagd"

    until_earliest = (
        "Elke gebeurtenis duurt tot en met de vroegste van deze dagen; dagen vóór haar begin tellen niet mee, en wat "
        "geen andere dag heeft, valt af:"
    )
    until_only = "Elke gebeurtenis duurt tot en met deze dag, en valt af als die vóór haar begin ligt:"
    until = "Elke gebeurtenis krijgt dit einde:"
    end_of_observation = "het einde van de observatieperiode."
    first_event = (
        "het begin van de eerste van deze, vanaf haar eigen begin tot en met het einde van de observatieperiode:"
    )

    periods_note = (
        "Rond een gebeurtenis tellen alleen gebeurtenissen mee die in dezelfde observatieperiode beginnen, tenzij "
        "anders vermeld."
    )
    bounds_note = "Van een reeks dagen tellen de eerste en de laatste beide mee."

    def rule_title(self, number: int, name: str) -> str:
        return f"Inclusiecriterium {number}{f', {name}' if name else ''}:"

    def entry_events_of_rule(self, number: int) -> str:
        return f"de indexgebeurtenissen die aan inclusiecriterium {number} voldoen."

    def quoted(self, name: str) -> str:
        return f"“{name}”"

    def unnamed_set(self, number: int) -> str:
        return f"conceptset {number}"

    def numbered_set(self, name: str, number: int) -> str:
        return f"{name} (set {number})"

    def days(self, count: int) -> str:
        return f"{self.number(count)} dag" if abs(count) == 1 else f"{self.number(count)} dagen"

    def records(self, table: str, concepts: str | None) -> str:
        return _of(table, 2, concepts)

    def counted(self, occurs: Occurs, table: str, concepts: str | None) -> str:
        least, most, number = amount(occurs)
        if occurs.distinct is None:
            return f"{_amount(least, most)} {_of(table, number, concepts)}"
        return f"{_amount(least, most)} {_counted(occurs.distinct, number)} onder {_of(table, 2, concepts)}"

    def counted_among(self, occurs: Occurs) -> str:
        least, most, number = amount(occurs)
        if occurs.distinct is None:
            return f"{_amount(least, most)} van deze gebeurtenissen"
        return f"{_amount(least, most)} {_counted(occurs.distinct, number)} onder deze gebeurtenissen"

    def source(self, concepts: str) -> str:
        return f"met een bronconcept in {concepts}"

    def moved(self, dates: Dates) -> str:
        start = _offset(self, dates.start_days, _side(dates.start_from, "hun"))
        end = _offset(self, dates.end_days, _side(dates.end_from, "hun"))
        return f"met als begin {start} en als einde {end}"

    def fixed_start(self, day: date) -> str:
        return f"daarna met als begin {self.calendar_day(day)}"

    def fixed_end(self, day: date) -> str:
        return f"daarna met als einde {self.calendar_day(day)}"

    def having(self, conditions: Sequence[str]) -> str:
        return f"met {listed(conditions, 'en')}"

    def of_these_having(self, conditions: Sequence[str]) -> str:
        return f"Hiervan de gebeurtenissen met {listed(conditions, 'en') if conditions else self.nothing}."

    def leaving_out(self, persons: int) -> str:
        who = "1 persoon die wordt" if persons == 1 else f"{persons} personen die worden"
        return f"Hiervan de gebeurtenissen van iedereen behalve {who} weggelaten."

    def observed(self, before: int, after: int) -> str:
        return f"Hiervan de gebeurtenissen die in een observatieperiode beginnen{self._around(before, after)}."

    def observed_and(self, before: int, after: int) -> str:
        around = self._around(before, after)
        return f"Hiervan de gebeurtenissen die in een observatieperiode beginnen{around}, en die voldoen aan:"

    def _around(self, before: int, after: int) -> str:
        sides = [f"ten minste {self.days(before)} daarvan vóór het begin"] if before else []
        sides += [f"ten minste {self.days(after)} daarvan na het begin"] if after else []
        return f", met {listed(sides, 'en')}" if sides else ""

    def numbered(self, latest_first: bool) -> str:
        order = "de laatste naar de eerste" if latest_first else "de eerste naar de laatste"
        return f"Die van elke persoon worden op volgorde genomen, van {order}."

    def number_one(self, latest_first: bool) -> str:
        return f"Hiervan alleen de {'laatste' if latest_first else 'eerste'} van elke persoon."

    def picked(self, which: Literal["numbered", "earliest", "latest"]) -> str:
        if which == "numbered":
            return "Hiervan alleen die van elke persoon die in hun volgorde vooraan staat."
        return f"Hiervan alleen die van elke persoon die het {'vroegst' if which == 'earliest' else 'laatst'} begint."

    def how_many(self, at_least: int, at_most: int | None, tests: int) -> str:
        if at_most is None:
            if at_least == tests:
                return "al deze criteria:" if tests > 1 else "dit criterium:"
            return f"ten minste {'één' if at_least == 1 else at_least} van deze criteria:"
        if at_least == at_most:
            return f"precies {at_least} van deze criteria:" if at_least else "geen van deze criteria:"
        how_many = f"ten hoogste {at_most}" if at_least == 0 else f"{at_least} tot en met {at_most}"
        return f"{how_many} van deze criteria:"

    def end_at_offset(self, day: Day, days: int) -> str:
        end = _offset(self, days, _side(day, "haar"))
        return f"{end}, of het einde van de observatieperiode als dat eerder is."

    def end_of_era(self, end: EndOfEra, drugs: str) -> str:
        lasts = "tot haar einde" if end.days_supply is None else f"{self.days(end.days_supply)} vanaf haar begin"
        more = f", plus {self.days(end.offset)}" if end.offset else ""
        return (
            f"het einde van de aaneengesloten periode van blootstelling aan {drugs} waarin zij begint (onderbrekingen "
            f"van ten hoogste {self.days(end.gap)} worden overbrugd, en elke blootstelling duurt {lasts}{more})."
        )

    def joined(self, gap: int) -> str:
        which = "elkaar overlappen of raken" if gap == 0 else f"ten hoogste {self.days(gap)} uit elkaar liggen"
        return f"Perioden van één persoon die {which}, worden samengevoegd."

    def cut(self, earliest: date | None, latest: date | None) -> str:
        sides = [f"vanaf {self.calendar_day(earliest)}"] if earliest else []
        sides += [f"tot en met {self.calendar_day(latest)}"] if latest else []
        return f"Van deze perioden alleen de dagen {' '.join(sides)}."

    def number_is(self, field: str, operator: str, value: str, extent: str) -> str:
        return f"{field} {OPERATORS[operator].format(value, extent)}"

    def date_is(self, field: str, operator: str, value: str, extent: str) -> str:
        return f"{field} {DATES[operator].format(value, extent)}"

    def concept_is(self, field: str, concepts: Sequence[str], in_set: bool, negated: bool) -> str:
        if in_set:
            return f"{field} {'bekend en niet in' if negated else 'in'} {concepts[0]}"
        if negated:
            return f"{field} bekend en anders dan {listed(concepts, 'of') if concepts else self.nothing}"
        return f"{field} {listed(concepts, 'of') if concepts else 'geen enkele'}"

    def text_is(self, field: str, match: str, text: str, negated: bool) -> str:
        return f"een tekst bij {field} {TEXTS[match][negated].format(text)}"

    def window(self, window: Window, anchor: Anchor) -> str:
        what = "beginnend" if window.event == "start" else "eindigend"
        match window.earliest, window.latest:
            case None, None:
                return f"{what} op enig moment vóór of na {_day(window.index, anchor)}"
            case earliest, None:
                return f"{what} vanaf {_bound(self, earliest, window.index, anchor)}"
            case None, latest:
                return f"{what} uiterlijk {_on(_bound(self, latest, window.index, anchor))}"
            case earliest, latest if earliest == latest:
                return f"{what} {_on(_bound(self, earliest, window.index, anchor))}"
            case earliest, latest:
                first, last = (_bound(self, bound, window.index, anchor) for bound in (earliest, latest))
                return f"{what} van {first} tot en met {last}"

    def item(self, concept: str, descendants: bool, mapped: bool) -> str:
        extras = [word for word, there in (("onderliggende", descendants), ("gekoppelde", mapped)) if there]
        return f"{concept} met {listed(extras, 'en')} concepten" if extras else concept

    def items(self, included: Sequence[str], excluded: Sequence[str]) -> str:
        said = "; ".join(included) or "geen enkel concept"
        return f"{said}; maar niet {'; '.join(excluded)}" if excluded else said

    def summed_up(self, included: int, excluded: int) -> str:
        without = f" en {self.number(excluded)} uitgesloten" if excluded else ""
        return f"{self.number(included)} onderdelen{without}, aan het einde opgesomd"

    def missing_ends(self, ends: tuple[str, ...], tables: Sequence[str]) -> str:
        said = ENDS[ends].format(listed([RECORDS[table][1] for table in tables], "en"))
        return f"{said[0].upper()}{said[1:]}."

    def grouped(self, digits: str) -> str:
        return in_threes(digits, ".")


def _of(table: str, number: int, concepts: str | None) -> str:
    one, several, of = RECORDS[table]
    noun = one if number == 1 else several
    return f"{noun} {of} {concepts}" if concepts else noun


def _counted(column: str, number: int) -> str:
    return COUNTED[column][0 if number == 1 else 1]


def _amount(least: int, most: int | None) -> str:
    if most is None:
        return f"ten minste {least}"
    if most == least:
        return f"precies {least}" if least else "geen"
    return f"ten hoogste {most}" if least == 0 else f"{least} tot en met {most}"


def _side(day: Day, whose: str) -> str:
    return f"{whose} {'begin' if day == 'start' else 'einde'}"


def _offset(say: Dutch, days: int, what: str) -> str:
    return what if days == 0 else f"{say.days(abs(days))} {'na' if days > 0 else 'vóór'} {what}"


def _day(index: Day, anchor: Anchor) -> str:
    if (anchor, index) == ("entry", "start"):
        return "de indexdatum"
    event = "de indexgebeurtenis" if anchor == "entry" else "de gebeurtenis"
    return f"de dag waarop {event} {'begint' if index == 'start' else 'eindigt'}"


def _bound(say: Dutch, bound: int | Edge | None, index: Day, anchor: Anchor) -> str:
    match bound:
        case Edge.PERIOD_START:
            return "de eerste observatiedag"
        case Edge.PERIOD_END:
            return "de laatste observatiedag"
    assert isinstance(bound, int)
    if bound == 0:
        return _day(index, anchor)
    event = "de indexgebeurtenis" if anchor == "entry" else "de gebeurtenis"
    side = f"het {'begin' if index == 'start' else 'einde'} van {event}"
    near = "de indexdatum" if (anchor, index) == ("entry", "start") else side
    return f"{say.days(abs(bound))} {'na' if bound > 0 else 'vóór'} {near}"


def _on(day: str) -> str:
    return f"op {day}" if day.startswith("de ") else day
