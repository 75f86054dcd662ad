"""Codes are published numbers: each stands once, and means in the reference data what it means here."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path
from typing import Any

from wardbench.synthetic import biobank, codes

MEANING = {
    codes.DIABETES: "type 2 diabetes",
    codes.HEART_FAILURE: "heart failure",
    codes.COLON_CANCER: "malignant tumor of colon",
    codes.ARTHRITIS: "rheumatoid arthritis",
    codes.INFLUENZA: "influenza",
    codes.PNEUMONIA: "pneumonia",
    codes.COPD: "chronic obstructive lung disease",
    codes.COLECTOMY: "excision of colon",
    codes.HBA1C: "hemoglobin a1c",
    codes.HAEMOGLOBIN: "hemoglobin",
    codes.BISOPROLOL: "bisoprolol",
    codes.CARVEDILOL: "carvedilol",
    codes.METHOTREXATE: "methotrexate",
    codes.ADALIMUMAB: "adalimumab",
    codes.EMPAGLIFLOZIN: "empagliflozin",
    codes.OXALIPLATIN: "oxaliplatin",
    codes.CAPECITABINE: "capecitabine",
}


def test_a_code_stands_once_and_looks_like_one_of_its_system() -> None:
    assert len({(c.system, c.code) for c in codes.CODES}) == len(codes.CODES)
    for code in codes.CODES:
        assert code.system in codes.VOCABULARIES
        form = r"\d{1,6}-\d" if code.system == codes.LOINC else r"\d+"
        assert re.fullmatch(form, code.code), code
        if code.system == codes.LOINC:
            assert loinc_check_digit(code.code[:-2]) == int(code.code[-1]), code
        if code.system == codes.SNOMED:
            assert verhoeff(code.code) == 0, code


def loinc_check_digit(number: str) -> int:
    """The Mod 10 check digit (Luhn), as the LOINC users' guide describes it."""
    total = sum(sum(divmod(int(d) * (2 if place % 2 == 0 else 1), 10)) for place, d in enumerate(reversed(number)))
    return -total % 10


def verhoeff(number: str) -> int:
    """0 where the last digit is the right check digit of a SNOMED CT identifier (Verhoeff 1969)."""
    turns = [(1, 5, 7, 6, 2, 8, 3, 0, 9, 4)]
    for _ in range(6):
        turns.append(tuple(turns[-1][turns[0][d]] for d in range(10)))
    turns.insert(0, tuple(range(10)))
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = dihedral(check, turns[place % 8][int(digit)])
    return check


def dihedral(a: int, b: int) -> int:
    """The product in the dihedral group of order 10."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b) % 5 + 5
    return (a - b) % 5 + 5 if b < 5 else (a - b) % 5


def test_codes_mean_what_the_phenotype_library_says(shared: Path) -> None:
    names: dict[tuple[str, str], str] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "CONCEPT_CODE" in value:
                names[value.get("VOCABULARY_ID", ""), str(value["CONCEPT_CODE"])] = value["CONCEPT_NAME"].lower()
            for below in value.values():
                walk(below)
        elif isinstance(value, list):
            for below in value:
                walk(below)

    with gzip.open(shared / "data/circe/phenotype_library.jsonl.gz", "rt") as lines:
        for line in lines:
            walk(json.loads(line))
    for place, meaning in MEANING.items():
        system, code, _ = codes.CODES[place]
        assert meaning in names[codes.VOCABULARIES[system], code]


def test_specimen_types_are_those_of_the_biobank_standard(shared: Path) -> None:
    with (shared / "data/access/miabis_sample_type_map.csv").open() as file:
        known = {row["sct"]: row["sct_name"].lower() for row in csv.DictReader(file)}
    for place, word in (
        (codes.SERUM, "serum"),
        (codes.PLASMA, "plasma"),
        (codes.WHOLE_BLOOD, "whole blood"),
        (codes.DNA, "deoxyribonucleic"),
        (codes.URINE, "urine"),
    ):
        assert word in known[codes.CODES[place].code]
    assert len(biobank.UNITS) == 7
