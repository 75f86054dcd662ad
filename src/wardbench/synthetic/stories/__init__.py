"""The stories with planted truths: one disease each, from what fate holds to what the hospital writes down.

`fate(chance, lives)` draws what decides over a person, `live(...)` writes the records.
"""
