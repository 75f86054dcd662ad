"""Who may see the records of which patient: the care team that treats them, and anybody of care in an emergency.

Above `people` and `notices`, below `cohorts`. Whoever shows a patient's rows asks `queries.may_see_patient` first.
"""
