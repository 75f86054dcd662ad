"""From a file to a table, whatever it is: a list in CSV or XLSX, a freezer's sheet of boxes, FHIR."""

from __future__ import annotations

from django.utils.translation import gettext as _

from wardbench.campus.biobank.imports import boxes, fhir, files
from wardbench.campus.biobank.imports.files import Table
from wardbench.core import workbook
from wardbench.core.errors import InputError

LIST = 2
"""A sheet whose first row has so many known headers is a list, whatever else it looks like."""


def read(data: bytes, sheet: str = "") -> Table:
    """A file as a table; of a workbook with lists the sheet of this name, or that of which most columns are known.

    InputError where nothing can be made of it.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(_("This is a workbook of before 2007, or one with a password; save it as XLSX or CSV."))
    if workbook.is_workbook(data):
        sheets = files.sheets_of(data)
        wanted = [one for one in sheets if not sheet.strip() or one.name.casefold() == sheet.strip().casefold()]
        lists = any(files.headers_known(one) >= LIST for one in wanted)
        return (None if lists else boxes.table_of(wanted)) or files.read_workbook(sheets, sheet)
    if fhir.is_fhir(data):
        return fhir.read_fhir(data)
    if files.headers_known(files.csv_sheet(data, 0)) >= LIST:
        return files.read_csv(data)
    return boxes.table_of([files.csv_sheet(data)]) or files.read_csv(data)
