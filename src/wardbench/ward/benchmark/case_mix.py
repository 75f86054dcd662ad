"""What would be expected of each unit, were its own patients treated as all units treat theirs.

A logistic model of age, sex and diagnoses of the year before, with cross-fitting: the probabilities of a fifth of the
persons come from the other four, so that no person's outcome is among what is expected of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.followed import Floats, Followed

FOLDS = 5
FEWEST_EVENTS = 50


def expected_probabilities(persons: Followed, *, seed: int = 1) -> Floats:
    """The probability of the event for each of n persons, calibrated to as many events as there were. InputError for
    fewer than 50 events, or fewer than 50 persons without."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    event = persons.event.astype(int)
    if not FEWEST_EVENTS <= event.sum() <= len(event) - FEWEST_EVENTS:
        raise InputError("A model of the case mix needs {fewest} events or more.", fewest=FEWEST_EVENTS)
    design = _design(persons)
    probability = np.zeros(len(event))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(design, event):
        model = LogisticRegression(C=1.0, max_iter=500).fit(design[train], event[train])
        probability[test] = model.predict_proba(design[test])[:, 1]
    return np.asarray(probability * event.sum() / probability.sum())


def discrimination(probability: Floats, event: npt.NDArray[np.bool_]) -> float:
    """The area under the ROC curve: 0.5 tells nothing apart, 1 everything."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(event, probability))


def _design(persons: Followed) -> Floats:
    """Age as a piecewise line with knots at 40, 60 and 75, sex, and a column for each diagnosis; scaled."""
    known = ~np.isnan(persons.age)
    age = np.where(known, persons.age, np.nanmedian(persons.age) if known.any() else 0.0)
    bends = [np.maximum(0, age - knot) / 10 for knot in (40, 60, 75)]
    columns = [age / 10, *bends, ~known, persons.sex == "female", persons.sex == ""]
    return np.column_stack([*columns, persons.diagnoses]).astype(float)
