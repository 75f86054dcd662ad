"""What the hospital gives. Arrows between siblings: `ingest` and `cohorts` do not know each other."""
