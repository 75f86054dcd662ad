"""Exports of the inventory: who may, what consent leaves out, what is in the file, and that it is read back whole."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import donors, tubes
from wardbench.campus.biobank.models import Biobank, Collection, OptOut, Specimen
from wardbench.campus.catalogue import described, exporting
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.core.consent import Tier
from wardbench.core.errors import InputError
from wardbench.ward.samples.exchange.files import files_of
from wardbench.ward.samples.exchange.losses import ordered
from wardbench.ward.samples.exchange.standards import STANDARDS, read_back

pytestmark = pytest.mark.django_db
ALL = (Tier.STORAGE, Tier.RESEARCH, Tier.CLINICAL_DATA)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def stock(cast: Cast) -> None:
    """Two tubes of a donor who agreed to everything, one of each of those who did not."""
    form = donors.add_form("F", "1", "en", "F", ALL, "2026-01-01", by=SYSTEM)
    things.freezer(rows=4, columns=4)
    box = things.box("Freezer Rack 1 Box 1")
    for code, refuses in (("YES", None), ("NO-DATA", Tier.CLINICAL_DATA), ("NO-USE", Tier.RESEARCH), ("GONE", None)):
        donor = things.donor(code)
        donors.give_consent(donor, form, {tier: tier is not refuses for tier in ALL}, "2026-01-02", by=SYSTEM)
        things.tubes(cast, 1, prefix=f"{code}-", donor=donor, material="Plasma", collected=timezone.now())
    things.donor("GONE").consents.update(withdrawn=timezone.now())
    things.tubes(cast, 1, box, prefix="STORED-", donor=things.donor("YES"), diagnosis="C18.9", site="C18.9", thaws=2)
    things.tubes(cast, 1, prefix="NOBODY-", donor=None)
    things.tubes(cast, 1, prefix="SILENT-", donor=things.donor("SILENT"))


def files(made: exporting.Exported) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("standard", STANDARDS)
def test_only_what_donors_allow_is_exported_and_it_is_read_back_whole(cast: Cast, stock: None, standard: str) -> None:
    by = cast.actor("biobank_manager")
    made = exporting.export_inventory(standard, [], by=by)
    assert (made.specimens, made.left_out) == (2, 5)
    found = files(made)
    text = b"".join(found.values()).decode()
    for code in ("NO-DATA", "NO-USE", "GONE", "NOBODY", "SILENT"):
        assert code not in text, code
    held = list(Specimen.objects.filter(donor__code="YES").select_related("collection", "donor", "parent", "box"))
    wanted = described.inventory_of([one.collection for one in held[:1]], held)
    assert read_back(found, STANDARDS[standard]) == ordered(wanted)
    event = Event.objects.last()
    assert event is not None and event.verb == "catalogue.export" and event.actor == by.id
    assert event.detail["specimens"] == 2 and event.detail["left_out"] == 5
    told = json.loads(found["not-held.json"])
    assert {one["why"] for one in told["not_held"]} <= set(STANDARDS[standard].why.values())


def test_an_opt_out_of_data_is_heard_at_once(cast: Cast, stock: None) -> None:
    OptOut.objects.create(donor=things.donor("YES"), kind="data", since=timezone.now())
    made = exporting.export_inventory("miabis", [], by=cast.actor("data_steward"))
    assert (made.specimens, made.left_out) == (0, 7)


@pytest.mark.parametrize("role", sorted(Role))
def test_who_exports(cast: Cast, stock: None, role: Role) -> None:
    may = role in (Role.BIOBANK_MANAGER, Role.DATA_STEWARD)
    client, by = cast.client(role), cast.actor(role)
    assert client.get("/biobank/exports/").status_code == (200 if may else 403)
    answer = client.post("/biobank/exports/file/", {"standard": "omop"})
    assert answer.status_code == (200 if may else 403)
    assert (answer.headers["Content-Type"] == "application/zip") == may
    if not may:
        for call in (exporting.export_inventory, exporting.read_export):
            with pytest.raises(ForbiddenError):
                call("miabis", [], by=by) if call is exporting.export_inventory else call(b"", "miabis", by=by)


def test_one_collection_is_exported_alone(cast: Cast, stock: None) -> None:
    other = things.collection(cast, "OTHER")
    made = exporting.export_inventory("miabis", [other.id], by=cast.actor("biobank_manager"))
    assert made.specimens == 0 and b"YES" not in files(made)["donor.csv"]
    assert b"OTHER" in files(made)["collection.csv"]
    Collection.objects.exclude(id=other.id).update(description="Of adults")
    Biobank.objects.update(description="")
    page = cast.client("biobank_manager").get("/biobank/exports/").content.decode()
    assert re.search(r"MIABIS on FHIR 1.3: OTHER: [^;<]*<.*BBMRI.de FHIR 1.2: [^;<]*; OTHER: [^;<]*<", page, re.DOTALL)
    Biobank.objects.update(description="Of the hospital")
    other.description = "Of children"
    other.save()
    assert "not valid by its profiles" not in cast.client("biobank_manager").get("/biobank/exports/").content.decode()
    with pytest.raises(InputError, match="no such collection"):
        exporting.export_inventory("miabis", [other.biobank_id], by=cast.actor("biobank_manager"))
    with pytest.raises(InputError, match="no such standard"):
        exporting.export_inventory("dicom", [], by=cast.actor("biobank_manager"))


def test_too_much_for_one_file_is_said(cast: Cast, stock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST_SPECIMENS", 3)
    page = cast.client("biobank_manager").post("/biobank/exports/file/", {"standard": "omop"}).content.decode()
    assert "These are 7 specimens; a file holds 3." in page


def read(cast: Cast, content: bytes, standard: str = "miabis-fhir") -> str:
    given: dict[str, Any] = {"file": SimpleUploadedFile("x.zip", content), "standard": standard}
    answer = cast.client("biobank_manager").post("/biobank/exports/read/", given)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_export_is_held_against_the_inventory_of_now(cast: Cast, stock: None) -> None:
    made = exporting.export_inventory("miabis-fhir", [], by=cast.actor("biobank_manager"))
    assert "The inventory says the same." in read(cast, made.content)
    tubes.thaw([Specimen.objects.get(label="STORED-0")], by=SYSTEM)
    page = read(cast, made.content)
    assert "STORED-0" in page and "<code>thaws</code>" in page and "says the same" not in page
    for content in (b"", b"PK\x03\x04nonsense", made.content[:-40], made.content[:200]):
        page = read(cast, content)
        assert "nhsuk-error" in page or "no ZIP file" in page
    assert "is missing" in read(cast, made.content, "omop")


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(21):
            archive.writestr(f"{n}", b"")
    path = tmp_path / "many.zip"
    path.write_bytes(out.getvalue())
    with pytest.raises(InputError, match="more than an export"):
        files_of(path)
