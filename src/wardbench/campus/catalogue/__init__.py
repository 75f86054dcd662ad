"""What the biobank shows to others: the public catalogue of collections, in words and as records of standards.

It stands on `biobank` and `samples`, which know nothing of it. It stores nothing.
"""
