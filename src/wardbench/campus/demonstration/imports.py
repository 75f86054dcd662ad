"""Files that wait in the demonstration: a list with faults to mend, and a freezer's sheet of boxes."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.campus.biobank.imports import services
from wardbench.campus.biobank.models import Collection
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of

LIST = """Staalnummer;Materiaal;Donor;Geslacht;Geboortejaar;Afnamedatum;Hoeveelheid;Doos;Positie;Gemaakt van;Opmerking
OUD-001;EDTA-plasma;D00001;;;12/03/2016;1,5 ml;;;;
OUD-002;serum;D00001;;;12/03/2016;1 ml;;;;
OUD-003;serun;D00002;;;13/03/2016;0,5 ml;;;;nog eens nakijken
OUD-004;serun;D00003;;;13/03/2016;veel;;;;
OUD-005;weefsel;LEGACY-7;V;1951;31/02/2016;2 pieces;;;;
OUD-006;DNA;;;;;40 µg;;;OUD-001;
OUD-006;RNA;;;;;12 µg;;;OUD-001;
OUD-007;plasma;D00004;;;02/05/2030;1 ml;Doos 99;A1;;
"""
BOXES = """Diepvries 4;;;;;;;;
;;;;;;;;
Doos 12;1;2;3;4;;Doos 13;1;2
A;Z-101;Z-102;-;Z-104;;A;Z-201;
B;Z-105;;Z-107;Z-108;;B;Z-202;Z-203
C;;Z-110;Z-111;leeg;;C;;Z-102
"""


def make_imports(people: Mapping[str, Person]) -> None:
    """Let the biobank's manager have read two files, of which nothing is entered yet."""
    by = actor_of(people["manager"])
    collection = Collection.objects.get(code="COLON")
    services.take_in(collection, "oude lijst.csv", LIST.encode(), by=by)
    boxes = services.take_in(collection, "diepvries 4.csv", BOXES.encode(), by=by)
    services.match(boxes, boxes.matching, {**boxes.options, "material": "TissueFreshFrozen"}, by=by)
