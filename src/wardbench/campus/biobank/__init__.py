"""The biobank: collections and their rules, donors and consents, specimens, where they are and what happened to them.

Import order: `models` and `rules` know nobody above; `custody` is the only module that changes a specimen.
"""
