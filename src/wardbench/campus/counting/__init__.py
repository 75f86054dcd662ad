"""The one way a page, a command of the campus or the API gets a count. Uses `people`, `audit`, and of
`biobank` who objected.

Which numbers somebody sees depends on the mode (`rules`), and every number goes through `core.disclosure`.
"""
