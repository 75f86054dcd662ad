"""Importing people from a file: every fault is said, the good rows are kept, nothing is written before."""

from __future__ import annotations

import csv
import datetime
import io
import re
import time
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campus.cast import Cast
from wardbench.campus.audit import queries as audit
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import queries, services
from wardbench.campus.people.importing import Checked, Known, Newcomer, check
from wardbench.campus.people.models import Affiliation, Person
from wardbench.campus.people.roles import TITLES, Lead, Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.people.sheet import folded, read_sheet, template, write_rest
from wardbench.core.errors import InputError

HOSPITAL, INSTITUTE, COMPANY, WARD = uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
KNOWN = Known(
    taken=frozenset({"old@test.example"}),
    organisations={"hospital": HOSPITAL, "institute": INSTITUTE, "company": COMPANY},
    partners=frozenset({COMPANY}),
    units={(HOSPITAL, "intensive care"): WARD},
    roles={folded(title): role for role, title in TITLES.items()} | {folded(role): role for role in Role},
    leads={"head": Lead.HEAD, "hoofd": Lead.HEAD, "deputy": Lead.DEPUTY},
    languages={"en": "en", "nl": "nl", "nederlands": "nl"},
    language="en",
    today=datetime.date(2026, 6, 1),
)
HEADER = "email,name,title,language,orcid,expertise,role,organisation,unit,since,until\n"


def checked(text: str | bytes) -> Checked:
    return check(read_sheet(text.encode() if isinstance(text, str) else text), KNOWN)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("a,An,,,,,,,,,", "email", "not an e-mail address"),
        (",An,,,,,,,,,", "email", "empty"),
        ("old@test.example,An,,,,,,,,,", "email", "has an account already"),
        ("OLD@test.example,An,,,,,,,,,", "email", "has an account already"),
        ("a@b.example,,,,,,,,,,", "name", "empty"),
        ("a@b.example,=1+1,,,,,,,,,", "name", "formula"),
        ("a@b.example,An,,klingon,,,,,,,", "language", "not a language of the campus"),
        ("a@b.example,An,,,0000-0002-1825-0098,,,,,,", "orcid", "not an ORCID iD"),
        ("a@b.example,An,,,,,surgeon,Hospital,,,", "role", "surgeon is not a role"),
        ("a@b.example,An,,,,,physician,,,,", "organisation", "empty"),
        ("a@b.example,An,,,,,physician,Clinic,,,", "organisation", "there is no organisation Clinic"),
        ("a@b.example,An,,,,,physician,Hospital,Pharmacy,,", "unit", "Hospital has no unit Pharmacy"),
        ("a@b.example,An,,,,,physician,Institute,Intensive care,,", "unit", "Institute has no unit"),
        ("a@b.example,An,,,,,physician,Hospital,,31/02/2026,", "since", "31/02/2026 is not a date"),
        ("a@b.example,An,,,,,physician,Hospital,,soon,", "since", "soon is not a date"),
        ("a@b.example,An,,,,,physician,Hospital,,2026-02-01,2026-01-01", "until", "before the day"),
        ("a@b.example,An,,,,,physician,Hospital,,,2026-01-01", "until", "before the day"),
        ("a@b.example,An,,,,,administrator,Company,,,", "role", "at a partner company"),
        ("a@b.example,An\u200b Peeters,,,,,,,,,", "name", "cannot be seen"),
        ("a@b.example,An\u202egnp,,,,,,,,,", "name", "cannot be seen"),
        ("a@b.example,An,,,,,,Hospital,,,", "role", "empty, although"),
        (f"a@b.example,{'x' * 201},,,,,,,,,", "name", "longer than 200"),
        ('a@b.example,"A\nn",,,,,,,,,', "name", "line break"),
        ("a@b.example,An,,,,,,,,,,surplus", "", "more cells"),
    ],
)
def test_a_fault_is_said_with_its_line_and_column(row: str, column: str, said: str) -> None:
    found = checked(HEADER + "good@b.example,Good,,,,,,,,,\n" + row + "\n")
    assert [one.email for one in found.good] == ["good@b.example"]
    assert [(fault.line, fault.column) for fault in found.faults] == [(3, column)]
    assert said in found.faults[0].sentence


def test_all_faults_of_a_row_are_said_at_once() -> None:
    [*faults] = checked(HEADER + "a,,,klingon,1,,surgeon,Clinic,,x,y\n").faults
    assert {fault.column for fault in faults} == {
        "email", "name", "language", "orcid", "role", "organisation", "since", "until",
    }  # fmt: skip


def test_a_good_row_is_read_whole() -> None:
    row = "An@B.example,An,Dr,Nederlands,0000-0002-1825-0097,kidney; Heart ;kidney,Physician,HOSPITAL,intensive  CARE"
    [one] = checked(HEADER + row + ",1/2/2026,2026-12-31\n").good
    assert (one.email, one.language, one.topics, one.role) == ("an@b.example", "nl", ("kidney", "Heart"), "physician")
    assert (one.organisation, one.unit) == (HOSPITAL, WARD)
    assert (one.since, one.until) == (datetime.date(2026, 2, 1), datetime.date(2026, 12, 31))


@pytest.mark.parametrize(
    "header",
    [
        "E-mailadres;Naam;Functie;Taal;ORCID iD;Deskundigheid;Rol;Organisatie;Dienst;Vanaf;Tot en met",
        "Adresse e-mail\tNom complet\tFonction\tLangue\tORCID\tExpertise\tRôle"
        "\tÉtablissement\tService\tDepuis\tJusqu'au",
        '"EMAIL","Full  name","Job title","LANGUAGE","orcid id",topics,ROLE,Organization,Care-programme,From,To',
    ],
)
def test_headers_are_recognised_in_three_languages(header: str) -> None:
    assert len(read_sheet((header + "\n" + "x").encode()).known) == 11
    separator = next(one for one in ";\t," if one in header)
    row = separator.join(["a@b.example", "An", "", "", "", "", "physician", "Hospital", "", "", ""])
    [one] = checked(f"sep={separator}\r\n{header}\r\n\r\n{row}\r\n").good
    assert one.role == "physician" and one.since == KNOWN.today


@pytest.mark.parametrize("first", ["", "sep=,\n"])
def test_a_row_is_named_as_a_spreadsheet_shows_it(first: str) -> None:
    """Line breaks inside cells begin no row, an empty row is one, and the line that tells the separator is none."""
    broken = 'a@b.example,An,"Head\nof\nteam",,,,,,,,\n'
    found = checked(first + HEADER + broken + "\n" + "not an address,Bo,,,,,,,,,\n")
    assert [(fault.line, fault.column) for fault in found.faults] == [(2, "title"), (4, "email")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_spreadsheets_write_are_read(encoding: str) -> None:
    [one] = checked((HEADER + "a@b.example,Zoë Çelik,,,,,,,,,\n").encode(encoding)).good
    assert one.name == "Zoë Çelik"


def test_a_wrong_encoding_is_a_fault_of_its_own_rows_and_comes_back_readable() -> None:
    data = HEADER.encode() + "a@b.example,Zoë,,,,,,,,,\n".encode("cp1252") + b"c@b.example,Jan,,,,,,,,,\n"
    found = checked(data)
    assert [one.name for one in found.good] == ["Jan"]
    assert [(fault.line, fault.column) for fault in found.faults] == [(2, "name")]
    assert "UTF-8" in found.faults[0].sentence
    assert "Zoë" in write_rest(read_sheet(data), found.reasons)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"email,name\n", "no rows"),
        (b"email,function\na@b.example,x\n", "no column name"),
        (b"name,email,e-mail\nx,a,b\n", "email and e-mail mean the same"),
        (b"PK\x03\x04rest", "workbook"),
        (b"email,name\na\x00b,c\n", "not a text file"),
        (b'email,name\na@b.example,"An\n', "never closed"),
        (b"email,name\n" + b"a,b\n" * 20_001, "more than 20000 rows"),
        (b"x" * 4_000_001, "larger than 4 MB"),
    ],
)
def test_a_file_of_which_nothing_can_be_made_says_why(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_sheet(data)


def test_a_person_with_two_roles_has_two_rows() -> None:
    text = HEADER + (
        "a@b.example,An,,,,,physician,Hospital,,,\n"
        "A@b.example,an,,,,,researcher,Institute,,,\n"
        "a@b.example,An,,,,,physician,Hospital,,,\n"
        "d@b.example,Dirk,,,,,physician,Hospital,,,\n"
        "d@b.example,Diane,,,,,researcher,Hospital,,,\n"
    )
    found = checked(text)
    assert [(one.email, one.role) for one in found.good] == [
        ("a@b.example", "physician"),
        ("a@b.example", "researcher"),
    ]
    assert found.people == 1
    assert [(fault.line, fault.column) for fault in found.faults] == [(4, ""), (5, ""), (6, "email")]


def test_rows_of_one_person_are_kept_back_together() -> None:
    found = checked(HEADER + "a@b.example,An,,,,,surgeon,Hospital,,,\na@b.example,An,,,,,physician,Hospital,,,\n")
    assert not found.good and [fault.line for fault in found.faults] == [2, 3]


def test_what_comes_back_carries_reasons_no_formula_and_can_be_sent_again() -> None:
    text = "naam;e-mailadres;telefoon\n=cmd|'/c calc';@sum;+32 2\nGood;g@b.example;1\n"
    sheet = read_sheet(text.encode())
    assert sheet.unknown == ("telefoon",)
    rest = write_rest(sheet, check(sheet, KNOWN).reasons)
    header, row = list(csv.reader(io.StringIO(rest.lstrip("\ufeff")), delimiter=";"))
    assert header == ["naam", "e-mailadres", "telefoon", "reasons"]
    assert row[:3] == ["'=cmd|'/c calc'", "'@sum", "'+32 2"] and "formula" in row[3]
    again = read_sheet(rest.encode())
    assert again.rows[0].values["name"] == "=cmd|'/c calc'"
    assert write_rest(again, check(again, KNOWN).reasons).count("reasons") == 1


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("physician,Hospital,Intensive care,boss", "leads", "boss is none of"),
        ("researcher,Hospital,Intensive care,head", "leads", "treat patients"),
        ("data protection officer,Hospital,,deputy", "leads", "treat patients"),
        (",,,head", "role", "empty, although"),
    ],
)
def test_a_head_who_cannot_be_one_is_a_fault(row: str, column: str, said: str) -> None:
    found = checked(f"email,name,role,organisation,unit,head\na@b.example,An,{row}\n")
    assert not found.good and [(one.line, said in one.sentence) for one in found.faults] == [(2, True)]
    assert found.faults[0].column == {"leads": "head"}.get(column, column)


def test_head_and_deputy_of_one_unit_in_one_file_is_a_fault_and_keeps_both_rows_back() -> None:
    text = (
        "email,name,role,organisation,unit,leads\n"
        "a@b.be,Ann,physician,Hospital,Intensive care,head\n"
        "a@b.be,Ann,coordinator,Hospital,Intensive care,deputy\n"
        "c@b.be,Cas,physician,Hospital,Intensive care,deputy\n"
    )
    found = check(read_sheet(text.encode()), KNOWN)
    assert [one.email for one in found.good] == ["c@b.be"]
    assert "head and deputy there, here and on line 2" in found.reasons[3][0] and 2 in found.reasons


@pytest.mark.parametrize("header", ["head", "Leads", "Hoofd", "Chef"])
@pytest.mark.parametrize(("said", "leads"), [("Hoofd", "head"), ("DEPUTY", "deputy"), ("", "")])
def test_heads_and_deputies_are_read(header: str, said: str, leads: str) -> None:
    text = f"email,name,role,organisation,unit,{header}\na@b.example,An,physician,Hospital,Intensive care,{said}\n"
    [one] = checked(text).good
    assert one.leads == leads and not read_sheet(text.encode()).unknown


def test_a_file_brings_heads(cast: Cast) -> None:
    text = "email,name,role,organisation,unit,head\na@b.example,An,Physician,Hospital,Cardiology,Deputy head\n"
    page = upload(cast, text.encode()).content.decode()
    assert "Deputy head" in page
    client = cast.client("administrator")
    assert client.post("/people/import/good/", sent(page, "/people/import/good/")).status_code == 302
    made = Person.objects.get(email="a@b.example")
    assert queries.actor_of(made).heads == {str(cast.cardiology.id)}
    assert [one.verb for one in audit.history("person", made.id)].count("people.name_head") == 1
    (told,) = Notice.objects.filter(person=made)
    assert "deputy head of {place} now" in told.sentence and told.values == {"place": "Cardiology"}


def test_a_file_names_nobody_who_treats_nobody(cast: Cast) -> None:
    day = datetime.date(2026, 1, 1)
    newcomer = Newcomer("a@b.example", "A", "", "en", "", (), "researcher", cast.hospital.id, None, day, None, "head")
    with pytest.raises(InputError, match="treat patients"):
        services.import_people([newcomer], by=cast.actor("administrator"), source="0" * 64)


def upload(cast: Cast, data: bytes, key: str = "administrator") -> Any:
    return cast.client(key).post("/people/import/", {"file": SimpleUploadedFile("people.csv", data)})


def sent(page: str, form: str) -> dict[str, str]:
    """The hidden fields of the form with this address."""
    part = re.search(rf'<form method="post" action="{form}".*?</form>', page, re.S)
    assert part, form
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', part[0]))


def test_the_page_shows_first_and_writes_afterwards(cast: Cast) -> None:
    text = "email,name,role,organisation,unit\na@b.example,An,Physician,Hospital,Endocrinology\nb,Bob,,,\n"
    before = Person.objects.count()
    page = upload(cast, text.encode()).content.decode()
    assert "Import the 1 good row" in page and "not an e-mail address" in page
    assert Person.objects.count() == before
    client = cast.client("administrator")
    rest = client.post("/people/import/rest/", sent(page, "/people/import/rest/"))
    assert "attachment" in rest["content-disposition"] and "Bob" in rest.content.decode()
    assert client.post("/people/import/good/", sent(page, "/people/import/good/")).status_code == 302
    made = Person.objects.get(email="a@b.example")
    assert Person.objects.count() == before + 1
    assert queries.actor_of(made).units(Role.PHYSICIAN) == {str(cast.endocrinology.id)}
    assert audit.verify({})[1] is None
    assert audit.history("person", made.id).count() == 2
    again = client.post("/people/import/good/", sent(page, "/people/import/good/"))
    assert "has changed since" in again.content.decode() and Person.objects.count() == before + 1


def test_only_administrators_import(cast: Cast) -> None:
    data = b"email,name\na@b.example,An\n"
    page = upload(cast, data).content.decode()
    for key in cast.people:
        if key != "administrator":
            assert upload(cast, data, key).status_code == 403
            for form in ("good", "rest"):
                fields = sent(page, "/people/import/good/")
                assert cast.client(key).post(f"/people/import/{form}/", fields).status_code == 403, key
    for broken in ("", "!!", "QUJD"):
        answer = cast.client("administrator").post("/people/import/good/", {"file": broken, "good": "1"})
        assert answer.status_code == 400
    assert not Person.objects.filter(email="a@b.example").exists()


def test_ten_thousand_rows_are_imported_whole(cast: Cast) -> None:
    rows = "".join(f"p{n}@b.example,Person {n},kidney;heart,researcher,Institute\n" for n in range(10_000))
    began = time.monotonic()
    page = upload(cast, ("email,name,expertise,role,organisation\n" + rows).encode()).content.decode()
    client = cast.client("administrator")
    assert client.post("/people/import/good/", sent(page, "/people/import/good/")).status_code == 302
    print(f"10,000 rows looked at and imported in {time.monotonic() - began:.1f} s")
    assert Person.objects.filter(email__endswith="@b.example").count() == 10_000
    assert Affiliation.objects.filter(role="researcher", organisation=cast.institute).count() == 10_002
    whole, broken = audit.verify({})
    assert broken is None and whole >= 20_000


def test_the_template_is_a_file_that_can_be_sent(cast: Cast) -> None:
    sheet = read_sheet(template().encode())
    assert len(sheet.known) == 12 and sheet.rows[0].values["leads"] == "head"
    answer = cast.client("administrator").get("/people/import/template/")
    assert answer.content.decode() == template()
    page = upload(cast, template().encode()).content.decode()
    assert "Hospital has no unit Nephrology" in page, "its one person belongs to a unit that the tests do not have"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PARTNER])
def test_a_file_gives_no_role_of_the_campus_at_a_partner_company(cast: Cast, role: Role) -> None:
    company = services.add_organisation("Company", "partner", by=SYSTEM)
    newcomer = Newcomer("a@b.example", "A", "", "en", "", (), role.value, company.id, None, datetime.date(2026, 1, 1))
    with pytest.raises(InputError, match="partner company"):
        services.import_people([newcomer], by=cast.actor("administrator"), source="0" * 64)
    row = f"a@b.example,A,,,,,{role.value},Company,,,"
    assert not check(read_sheet((HEADER + row).encode()), queries.known()).good
    assert not Person.objects.filter(email="a@b.example").exists()


@pytest.mark.parametrize("name", ["An\u200bPeeters", "\u202eAn", "A\x00n", "x" * 201])
def test_a_name_is_what_it_looks_like_and_fits(cast: Cast, name: str) -> None:
    by = cast.actor("administrator")
    adding = (
        lambda: services.add_person("new@test.example", name, by=by),
        lambda: services.add_organisation(name, "institute", by=by),
        lambda: services.add_unit(cast.hospital, name, "department", by=by),
    )
    for add in adding:
        with pytest.raises(InputError, match="name: "):
            add()


@pytest.mark.parametrize(
    "written",
    ["0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097", "0000000218250097", "0000 0002 1825 0097"],
)
def test_an_orcid_is_read_as_people_copy_it(written: str) -> None:
    [one] = checked(HEADER + f"a@b.example,An,,,{written},,,,,,\n").good
    assert one.orcid == "0000-0002-1825-0097"


def test_a_western_file_is_read_as_such_once_somebody_has_seen_its_words(cast: Cast) -> None:
    client = cast.client("administrator")
    data = "naam;e-mailadres\r\nZoë Çelik;z@b.example\r\nJan;j@b.example\r\n".encode("cp1252")
    page = client.post("/people/import/", {"file": SimpleUploadedFile("people.csv", data)}).content.decode()
    assert "Zoë Çelik" in page and "1 row is good." in page
    packed = re.search('name="file" value="([^"]+)"', page)
    assert packed is not None
    again = client.post("/people/import/western/", {"file": packed[1], "name": "people.csv"}).content.decode()
    assert "2 rows are good." in again and "not UTF-8" not in again
    packed = re.search('name="file" value="([^"]+)"', again)
    assert packed is not None
    assert not Person.objects.filter(email="z@b.example").exists(), "reading it so imports nothing"
    client.post("/people/import/good/", {"file": packed[1], "good": "2"})
    assert Person.objects.get(email="z@b.example").name == "Zoë Çelik"
    assert cast.client("physician").post("/people/import/western/", {"file": packed[1]}).status_code == 403


def test_the_page_says_which_roles_and_places_there_are(cast: Cast) -> None:
    page = cast.client("administrator").get("/people/import/").content.decode()
    assert "Biobank board member" in page and f"{cast.endocrinology.name}" in page


def test_each_fault_stands_beside_whom_it_is_about(cast: Cast) -> None:
    data = "naam;e-mailadres\r\nZoë;none\r\n;who@\r\n".encode("cp1252")
    file = SimpleUploadedFile("people.csv", data)
    page = cast.client("administrator").post("/people/import/", {"file": file}).content.decode()
    told = re.findall(r'class="app-break">([^<]+)<div class="app-meta">([^<]*)</div>', page)
    assert [whose for _sentence, whose in told] == ["Zoë", "who@", "who@"]
