"""What the biobank shows to others: the public catalogue of collections, in words and as records of standards; exports
of the inventory; the registers that the law asks for, and how the biobank does.

It stands on `biobank`, `releases` and `samples`, which know nothing of it. It stores nothing.
"""
