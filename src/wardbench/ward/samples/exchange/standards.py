"""The standards in which an inventory can be written, what each cannot hold and why, and the way back.

`export` writes files, and beside them `not-held.json`: what the standard could not hold. `read_back` reads such files;
with the list the inventory is whole again, without it what the standard holds. The list is no opinion: each export is
read back, and what differs is on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import InvalidOperation

from wardbench.core.errors import InputError
from wardbench.ward.samples.exchange import bbmri_fhir, losses, miabis_fhir, omop_table, tables
from wardbench.ward.samples.exchange.inventory import Inventory
from wardbench.ward.samples.exchange.losses import WHOLE, Loss, Missing


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


NOT_HELD = "not-held.json"
Files = Mapping[str, bytes]
NO_PLACE = gettext_noop("The standard has no place for it.")
COARSER = gettext_noop("The standard's list of values is coarser.")
OTHERWISE = gettext_noop("The standard writes it in another form.")
NEEDS_MORE = gettext_noop("The standard asks for something that is not known of it.")

_KEPT_HERE = (
    "kind",
    "external",
    "concentration",
    "thaws",
    "sprec",
    "preanalytics",
    "status",
    "retained",
    "box",
    "place",
    "visit",
)
_TERMS = ("purpose", "basis", "use", "use_modifiers", "use_diseases", "ended")


def _all(kind: str, fields: tuple[str, ...], why: str) -> dict[tuple[str, str], str]:
    return dict.fromkeys(((kind, field) for field in fields), why)


_BESIDE = {(kind, WHOLE): NO_PLACE for kind in (
    "container", "form", "consent", "opt-out", "protocol", "enrolment",
)}  # fmt: skip
_MIABIS = {
    **_BESIDE,
    **_all("sample", (*_KEPT_HERE, "parent", "parts", "tube", "amount", "first_amount", "unit"), NO_PLACE),
    **_all("collection", _TERMS, NO_PLACE),
    ("biobank", "contact_name"): OTHERWISE,
}
_FHIR = {
    **_BESIDE,
    **_all("sample", _KEPT_HERE, NO_PLACE),
    **_all("sample", ("unit", "amount", "first_amount"), NEEDS_MORE),
    **_all("collection", _TERMS, NO_PLACE),
    **_all("sample", ("parent", "donor"), NEEDS_MORE),
    ("donor", "sex"): COARSER,
    ("sample", "temperature"): COARSER,
    ("sample", "parts"): COARSER,
}


@dataclass(frozen=True)
class Standard:
    """A standard: its name, how it is written and read, which fields it cannot hold (each with why), and which that an
    inventory may leave empty it asks for (`asks`)."""

    code: str
    title: str
    write: Callable[[Inventory], Mapping[str, bytes]]
    read: Callable[[Files], Inventory]
    why: Mapping[tuple[str, str], str]
    asks: tuple[tuple[str, str], ...] = ()


STANDARDS = {
    one.code: one
    for one in (
        Standard("miabis", "MIABIS Core 3.0 (CSV)", tables.write_csv, tables.read_csv, _MIABIS),
        Standard("miabis-json", "MIABIS Core 3.0 (JSON)", tables.write_json, tables.read_json, _MIABIS),
        Standard(
            "miabis-fhir",
            "MIABIS on FHIR 1.3",
            miabis_fhir.write,
            miabis_fhir.read,
            {**_FHIR, ("sample", "diagnosis"): NEEDS_MORE},
            asks=(("collection", "description"),),
        ),
        Standard(
            "bbmri-fhir",
            "BBMRI.de FHIR 1.2",
            bbmri_fhir.write,
            bbmri_fhir.read,
            {
                **_FHIR,
                **_all("biobank", ("infrastructural", "organisational", "bioprocessing"), NO_PLACE),
                **_all(
                    "collection",
                    ("settings", "dataset_types", "use_conditions", "inclusion", "publications", "diseases", "source"),
                    NO_PLACE,
                ),
                ("collection", "designs"): COARSER,
                ("sample", "material"): COARSER,
            },
            asks=(("biobank", "description"), ("collection", "description")),
        ),
        Standard(
            "omop",
            "OMOP CDM 5.4, specimen (CSV)",
            omop_table.write,
            omop_table.read,
            {
                **_BESIDE,
                **_all(
                    "sample", (*_KEPT_HERE, "parent", "parts", "tube", "collection", "temperature", "amount"), NO_PLACE
                ),
                **_all("sample", ("unit", "first_amount"), NEEDS_MORE),
                ("sample", "collected"): OTHERWISE,
                ("sample", WHOLE): NEEDS_MORE,
                ("donor", WHOLE): NEEDS_MORE,
                ("biobank", WHOLE): NO_PLACE,
                ("collection", WHOLE): NO_PLACE,
            },
        ),
    )
}


@dataclass(frozen=True)
class Export:
    """Files by name, `not-held.json` among them, and what it says: what is not held, and what the standard misses."""

    files: Mapping[str, bytes]
    lost: tuple[Loss, ...]
    missing: tuple[Missing, ...]


def export(inventory: Inventory, standard: Standard) -> Export:
    """An inventory in a standard, with the list of what that could not hold."""
    inventory = losses.ordered(inventory)
    files = dict(standard.write(inventory))
    lost = losses.losses(inventory, standard.read(files))
    lacks = losses.missing(inventory, standard.asks)
    files[NOT_HELD] = losses.to_json(standard.title, lost, standard.why, lacks)
    return Export(files, tuple(lost), tuple(lacks))


def standard_of(code: str) -> Standard:
    """The standard of this code; InputError where there is none."""
    if code not in STANDARDS:
        raise InputError(f"{code}: no such standard; there are {', '.join(STANDARDS)}.")
    return STANDARDS[code]


def read_back(files: Files, standard: Standard) -> Inventory:
    """The inventory of an export of ours; InputError where the files are not of it, or were changed beyond reading."""
    try:
        read = standard.read(files)
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{standard.title}: {str(error.args[0])[:80]} is missing.") from None
    except (ValueError, TypeError, AttributeError, IndexError, InvalidOperation):
        raise InputError(f"{standard.title}: this was not written here, or was changed since.") from None
    return losses.restored(read, losses.from_json(files[NOT_HELD])) if NOT_HELD in files else read
