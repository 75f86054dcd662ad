"""The hospital as the yardstick: what its own results and patients look like, for whoever measures or studies.

Of its siblings it uses `cohorts` (who is healthy, whom a study is held against) and `samples` (panels of specimens).
"""
