"""How often each kind of thing may be done by one person. No Django here.

A rate is a bucket: `burst` may be done at once, and one more every `each` seconds. It is kept as one number, the moment
at which the bucket will be full again (the generic cell rate algorithm of ITU-T I.371): moments are seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import WardbenchError


class Doing(StrEnum):
    """What is counted together."""

    SEARCH = "search"
    EXPORT = "export"
    PATIENT = "patient"
    COUNT = "count"
    CREATE = "create"
    CHANGE = "change"
    API_READ = "api_read"
    API_COUNT = "api_count"
    API_WRITE = "api_write"


@dataclass(frozen=True)
class Rate:
    burst: int
    each: float

    def shared(self, by: int) -> Rate:
        """What `by` people may do together."""
        return Rate(self.burst * by, self.each / by)


RATES = {
    Doing.SEARCH: Rate(60, 1),
    Doing.EXPORT: Rate(30, 10),
    Doing.PATIENT: Rate(40, 10),
    Doing.COUNT: Rate(30, 3),
    Doing.CREATE: Rate(30, 20),
    Doing.CHANGE: Rate(120, 0.5),
    Doing.API_READ: Rate(120, 0.5),
    Doing.API_COUNT: Rate(20, 3),
    Doing.API_WRITE: Rate(30, 10),
}


class TooOftenError(WardbenchError):
    """Something was asked too often; `wait` is in how many whole seconds it can be asked again."""

    exit_code = 8
    http_status = 429

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(SENTENCE, seconds=self.wait)


SENTENCE = gettext_noop("You did this too often in a short time. Wait {seconds} s, then try again.")


def after(full: float, now: float, rate: Rate) -> float:
    """When the bucket is full again after one more is taken now. TooOftenError where it is empty."""
    begun = max(full, now)
    wait = begun - now - (rate.burst - 1) * rate.each
    if wait > 0:
        raise TooOftenError(wait)
    return begun + rate.each
