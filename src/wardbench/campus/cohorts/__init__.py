"""Cohorts of the campus: definitions with versions and drafts, the page where one is built, the page that tells of one.

Uses `counting` and `people`. Counts come from `counting` and are shown as it discloses them.
"""
