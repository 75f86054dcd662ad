"""Entering what was kept elsewhere: a spreadsheet, a freezer's sheet of boxes, an export of another system.

`reading` makes a table of a file (`files`, `boxes`, `fhir`), `fields` says what a column can mean, `matching` which
column means what, `checking` what is wrong with which row by what the inventory holds (`facts`), `services` enters the
good rows.
"""
