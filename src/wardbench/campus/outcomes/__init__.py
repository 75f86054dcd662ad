"""Patients like mine: questions about outcomes in the words of PICO, answered from the records in the background.

Uses `cohorts` (whom a question is about), `counting` (on which records, under which right) and `studies` by the permits
that `counting` is told of.
"""
