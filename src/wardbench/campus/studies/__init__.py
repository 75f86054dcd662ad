"""Studies: registered with a reference number, taken through the campus's approval path, allowed by permits.

Uses questions, cohorts, notices, people. The path is data (`paths/*.toml`, read by `path`); where a study stands on it
is worked out by `standing` from facts and decisions, and never stored.
"""
