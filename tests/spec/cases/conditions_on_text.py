"""Text is searched as it is written

Capital and small letters differ, and no letter stands for others, but in a pattern: there % stands for any letters or
none, and _ for any one. Text that is missing satisfies nothing, also where what is asked is that something is not in
it.
"""

from typing import Literal

from spec.example import Example
from wardbench.ward.cohorts.conditions import TextIs
from wardbench.ward.cohorts.plan import Events

HOSPITAL = """
    condition_occurrence
    person | id | start | stop_reason
    1      | 10 | 1     | cured
    1      | 11 | 1     | not cured
    1      | 12 | 1     | Cured
    1      | 13 | 1     | curedness
    1      | 14 | 1     | -
    1      | 15 | 1     | 5% cured!
    1      | 16 | 1     | c\\red
"""


def _reason(
    match: Literal["contains", "starts_with", "ends_with", "equals", "like"], text: str, *, negated: bool = False
) -> Events:
    return Events("condition_occurrence", where=(TextIs("stop_reason", match, text, negated),))


EXAMPLES = [
    Example("contains “cured”", _reason("contains", "cured"), "event\n10\n11\n13\n15"),
    Example("starts with “cured”", _reason("starts_with", "cured"), "event\n10\n13"),
    Example("ends with “cured”", _reason("ends_with", "cured"), "event\n10\n11"),
    Example("is “cured”", _reason("equals", "cured"), "event\n10"),
    Example("does not contain “cured”", _reason("contains", "cured", negated=True), "event\n12\n16"),
    Example("does not end with “cured”", _reason("ends_with", "cured", negated=True), "event\n12\n13\n15\n16"),
    Example("an underscore is an underscore", _reason("contains", "c_red"), "event"),
    Example("is as “_ured”", _reason("like", "_ured"), "event\n10\n12"),
    Example("is as “%cured_”", _reason("like", "%cured_"), "event\n15"),
    Example("is as “%cured!”", _reason("like", "%cured!"), "event\n15"),
    Example("is as “c%d%”", _reason("like", "c%d%"), "event\n10\n13\n16"),
    Example("a backslash is a backslash", _reason("like", "c\\%"), "event\n16"),
    Example("is as anything", _reason("like", "%"), "event\n10\n11\n12\n13\n15\n16"),
    Example("is not as “%ured%”", _reason("like", "%ured%", negated=True), "event\n16"),
]
