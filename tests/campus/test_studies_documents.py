"""The files of studies: what is kept, what is refused, and that a name leads nowhere."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from wardbench.campus.studies import documents
from wardbench.campus.studies.documents import clean_name, is_whole, keep, open_kept
from wardbench.core.errors import InputError, NotFoundError, UnsupportedError


def packed_pdf(objects: bytes, head: bytes = b"/Filter /FlateDecode", kind: bytes = b"/ObjStm") -> bytes:
    """A PDF that keeps these objects compressed."""
    stream = b"2 0 obj\n<< /Type " + kind + b" /N 1 /First 4 " + head + b" >>\nstream\n"
    stream += zlib.compress(objects) + b"\nendstream\nendobj\n"
    return PDF.replace(b"trailer", stream + b"trailer")


PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


def archive(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


TYPES = (
    b'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document"/></Types>'
)
DOCX = {"[Content_Types].xml": TYPES, "word/document.xml": b"<w:document/>"}
XLSX = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
ODT = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<office/>"}
LINK = (
    b'<Relationships><Relationship Id="r" Type="http://x/relationships/%s" Target="http://elsewhere/" '
    b'TargetMode="External"/></Relationships>'
)

CONTENT = b'<o xmlns:text="t" xmlns:draw="d" xmlns:script="s" xmlns:xlink="x"><%s xlink:href="http://elsewhere/"/></o>'
TEMPLATE = LINK % b"attachedTemplate"
RELATIONS = "word/_rels/settings.xml.rels"
HIDDEN = {
    "with-other-quotes": (RELATIONS, TEMPLATE.replace(b'"', b"'")),
    "with-a-prefix": (
        RELATIONS,
        b'<r:Relationships xmlns:r="x">' + TEMPLATE[15:-16].replace(b"<", b"<r:") + b"</r:Relationships>",
    ),
    "in-other-letters": (RELATIONS, TEMPLATE.decode().encode("utf-16")),
    "by-a-number": (RELATIONS, TEMPLATE.replace(b"External", b"&#69;xternal")),
    "by-an-entity": (RELATIONS, b'<!DOCTYPE r [<!ENTITY e "External">]>' + TEMPLATE.replace(b"External", b"&e;")),
    "under-another-name": (RELATIONS.upper(), TEMPLATE),
    "as-if-a-link": (RELATIONS, TEMPLATE.replace(b"<Relationship ", b'<Relationship OfType="x/hyperlink" ')),
    "kind-in-other-letters": (
        "[Content_Types].xml",
        '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'.encode(
            "utf-16"
        ),
    ),
}
"""The same harm, written in other ways."""

GOOD = {
    "protocol.pdf": PDF,
    "packed.pdf": packed_pdf(b"1 0 << /Type /Catalog /OpenAction [3 0 R /Fit] >>"),
    "opens-at-a-page.pdf": PDF.replace(b"/Type", b"/OpenAction[3 0 R /XYZ null null 0]/Type"),
    "short-names-by-chance.pdf": PDF.replace(b"trailer", b"stream\n\x81/AA\x9c/JS\xe2/AA)\nendstream\ntrailer"),
    "picture-in-it.pdf": packed_pdf(b"/JavaScript in a picture is a picture", kind=b"/XObject"),
    "scan.PNG": PNG,
    "scan.jpg": JPEG,
    "scan.jpeg": JPEG,
    "notes.txt": "Genoeg voor één bladzijde.".encode(),
    "list.csv": b"a;b\n1;2\n",
    "form.docx": archive(DOCX),
    "linked.docx": archive({**DOCX, "word/_rels/document.xml.rels": LINK % b"hyperlink"}),
    "table.xlsx": archive(XLSX),
    "printed.xlsx": archive({**XLSX, "xl/printerSettings/printerSettings1.bin": b"x"}),
    "letter.odt": archive(ODT),
    "linked.odt": archive({**ODT, "content.xml": CONTENT % b"text:a"}),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_may_be_kept_is_kept_whole(tmp_path: Path, name: str) -> None:
    kept = keep(tmp_path, name, [GOOD[name][:7], GOOD[name][7:]])
    assert kept.digest == hashlib.sha256(GOOD[name]).hexdigest()
    assert kept.size == len(GOOD[name])
    assert kept.name == name
    with open_kept(tmp_path, kept.digest) as file:
        assert file.read() == GOOD[name]
    assert is_whole(tmp_path, kept.digest)


BAD = {
    "not-a.pdf": b"MZ\x90\x00",
    "text-as.pdf": b"Hello",
    "png-as.jpg": PNG,
    "pdf-as.txt": PDF,
    "page-as.txt": b" <!DOCTYPE html><script>alert(1)</script>",
    "picture-as.txt": b"<svg onload=x>",
    "binary.csv": b"a;b\x00c",
    "latin.txt": "é".encode("latin-1"),
    "cut.pdf": PDF[:-8],
    "script.pdf": PDF.replace(b"/Type", b"/OpenAction << /S /JavaScript >> /Type"),
    "opens-at-a-page-and-acts.pdf": PDF.replace(b"/Type", b"/OpenAction[3 0 R]/OpenAction 5 0 R /Type"),
    "acts-on-closing.pdf": PDF.replace(b"/Type", b"/AA<</WC 5 0 R>> /Type"),
    "acts-elsewhere.pdf": PDF.replace(b"/Type", b"/AA 5 0 R /Type"),
    "plays-a-script.pdf": PDF.replace(b"/Type", b"/S /Rendition /JS%x\n(app.alert(1)) /Type"),
    "packed-script.pdf": packed_pdf(b"1 0 << /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"),
    "packed-and-hidden.pdf": packed_pdf(b"1 0 << /OpenAction << /S /L#61unch >> >>", kind=b"/Obj#53tm"),
    "packed-otherwise.pdf": packed_pdf(b"1 0 << >>", b"/Filter [/ASCIIHexDecode /FlateDecode]"),
    "packed-badly.pdf": packed_pdf(b"1 0 << >>").replace(b"stream\nx", b"stream\n?"),
    "locked.pdf": PDF.replace(b"/Root", b"/Encrypt 5 0 R /Root"),
    "hidden-script.pdf": PDF.replace(b"/Type", b"/Open#41ction << >> /Type"),
    "macros.docx": archive({**DOCX, "word/vbaProject.bin": b"x"}),
    "macros.xlsx": archive({**XLSX, "xl/macrosheets/sheet1.xml": b"x"}),
    "enabled.docx": archive({**DOCX, "[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled.main+xml"}),
    "template.docx": archive({**DOCX, "word/_rels/settings.xml.rels": LINK % b"attachedTemplate"}),
    **{f"{how}.docx": archive({**DOCX, part: content}) for how, (part, content) in HIDDEN.items()},
    "fetching.odt": archive({**ODT, "content.xml": CONTENT % b"draw:image"}),
    "fetching-in-its-object.odt": archive({**ODT, "Object 1/styles.xml": CONTENT % b"draw:fill-image"}),
    "acting.odt": archive({**ODT, "content.xml": CONTENT % b"script:event-listener"}),
    "basic.odt": archive({**ODT, "Basic/Standard/Module1.xml": b"x"}),
    "zip-as.docx": archive({"a.txt": b"a"}),
    "xlsx-as.docx": archive(XLSX),
    "damaged.docx": archive(DOCX)[:60],
    "empty.txt": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_harm_or_is_not_what_it_says_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as refused:
        keep(tmp_path, name, [BAD[name]])
    assert str(refused.value).startswith("file: ")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [], "nothing of it stays"


@pytest.mark.parametrize(
    "name", ["run.exe", "page.html", "picture.svg", "macro.docm", "archive.zip", "protocol", ".pdf"]
)
def test_other_types_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises((UnsupportedError, InputError)):
        keep(tmp_path, name, [PDF])


def test_a_text_in_other_letters_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="UTF-8"):
        keep(tmp_path, "list.csv", ["één;twee".encode("cp1252")])


def test_a_file_that_is_too_large_is_refused_while_it_comes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 1_000_000)
    seen = 0

    def endless() -> object:
        nonlocal seen
        while True:
            seen += 1
            yield b"a" * 100_000

    with pytest.raises(InputError, match="larger than 1 MB"):
        keep(tmp_path, "long.txt", endless())  # type: ignore[arg-type]
    assert seen == 11
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 10_000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in DOCX.items():
            made.writestr(name, content)
        made.writestr("word/media/zeros", bytes(250_000))
    with pytest.raises(InputError, match="unpacks to more"):
        keep(tmp_path, "bomb.docx", [file.getvalue()])


def test_a_part_that_is_read_is_not_unpacked_whatever_its_size(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in {**DOCX, RELATIONS: TEMPLATE[:14] + b" " * 30_000_000}.items():
            made.writestr(name, content)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="unpacks to more"):
            keep(tmp_path, "bomb.docx", [file.getvalue()])
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_is_packed_badly_is_refused(tmp_path: Path, packing: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as made:
        made.writestr("[Content_Types].xml", TYPES)
        made.writestr("word/document.xml", b"<w:document/>")
    content = bytearray(file.getvalue())
    start = 30 + len("[Content_Types].xml")
    content[start : start + 40] = b"\xff" * 40
    with pytest.raises(InputError, match="damaged"):
        keep(tmp_path, "broken.docx", [bytes(content)])


def test_the_same_content_is_one_file_whatever_its_name(tmp_path: Path) -> None:
    first, again = keep(tmp_path, "one.pdf", [PDF]), keep(tmp_path, "two.pdf", [PDF])
    assert first.digest == again.digest
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\boot.pdf", "boot.pdf"),
        ("/absolute/path.pdf", "path.pdf"),
        ("C:\\x\\protocol.pdf", "protocol.pdf"),
        ("two\r\nSet-Cookie: a.pdf", "twoSet-Cookie a.pdf"),
        ('quo"te.pdf', "quote.pdf"),
        ("fdp\u202efdp.pdf", "fdpfdp.pdf"),
        ("null\x00byte.pdf", "nullbyte.pdf"),
        ("  .. spaced .pdf", "spaced .pdf"),
        ("é" * 400 + ".pdf", "é" * 146 + ".pdf"),
    ],
)
def test_a_name_leads_nowhere(tmp_path: Path, given: str, shown: str) -> None:
    folder = tmp_path / "documents"
    kept = keep(folder, given, [PDF])
    assert kept.name == shown
    assert clean_name(kept.name) == kept.name
    assert [path.name for path in tmp_path.iterdir()] == ["documents"]
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [kept.digest]


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "0" * 63, "Z" * 64, "0" * 64])
def test_a_digest_leads_nowhere_either(tmp_path: Path, digest: str) -> None:
    with pytest.raises(NotFoundError):
        open_kept(tmp_path, digest)


def test_a_file_that_was_changed_on_the_disk_is_noticed(tmp_path: Path) -> None:
    kept = keep(tmp_path, "protocol.pdf", [PDF])
    path = tmp_path / kept.digest[:2] / kept.digest
    path.chmod(0o600)
    path.write_bytes(PDF + b"x")
    assert not is_whole(tmp_path, kept.digest)
