"""One patient at a time, for whoever treats them: rows as they are, never for anybody else.

Uses `cohorts` (its plans and its reference engine, which is fast enough for one person).
"""

from wardbench.ward.patients.profile import PatientProfile, Recorded, profile
from wardbench.ward.patients.reading import has_person
from wardbench.ward.patients.timeline import LANES, TimedEvent, Timeline, timeline

__all__ = ["LANES", "PatientProfile", "Recorded", "TimedEvent", "Timeline", "has_person", "profile", "timeline"]
