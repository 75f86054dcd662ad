"""Entering the rows of an import that was let go: at once where it is small, else by the process in the background.

Whoever let it go is whoever enters it: who has lost the right since enters nothing more.
"""

from __future__ import annotations

import datetime
import uuid

from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from wardbench.campus.audit.services import origin
from wardbench.campus.biobank import bulk
from wardbench.campus.biobank.imports import looking, services
from wardbench.campus.biobank.imports.facts import looked_at
from wardbench.campus.biobank.models import Import
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.refusals import refusal
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import BusyError, InputError, WardbenchError

PART = 1_000
"""Rows that are entered in one transaction: others wait for the database no longer than a second."""
AT_ONCE = 500
"""Rows that are entered while somebody waits."""
TRIES = 3
SILENT = datetime.timedelta(minutes=3)
"""After so long without a part an import is taken up anew."""
KEPT = datetime.timedelta(days=90)
"""After so long a file that nobody touches is put aside."""


@task()
def enter_rows(import_id: str) -> None:
    """Carry on with an import in the background."""
    with origin("import"):
        carry_on(uuid.UUID(import_id), alone=False)


def let_go(one: Import, good: int, *, by: Actor) -> None:
    """Let the good rows of an import be entered: a few of a small file at once, others in the background."""
    services.start(one, good, by=by)
    if good <= AT_ONCE and not one.is_large:
        carry_on(one.id)
    else:
        enter_rows.enqueue(str(one.id))


def carry_on(import_id: uuid.UUID, *, alone: bool = True) -> None:
    """Enter what is left of an import that is running, part by part. Nothing happens where another process does it.

    Where the inventory changed meanwhile, the rest is looked at anew; what cannot be entered then is kept back. Unless
    `alone`, other files are looked at between the parts.
    """
    one = Import.objects.select_related("by", "table").filter(id=import_id, status=Import.Status.RUNNING).first()
    if one is None:
        return
    by, why = actor_of(one.by), ""
    if one.going > AT_ONCE:
        bulk.make_ready()
    for _try in range(TRIES):
        table, _columns, checked, known = looked_at(one)
        made: dict[str, uuid.UUID] = {}
        try:
            for at in range(0, len(checked.good), PART):
                services.enter_part(one, checked.good[at : at + PART], checked, known, made, by=by)
                if not alone:
                    looking.others(one.id)
            why = ""
            break
        except services.ElsewhereError:
            return
        except (BusyError, InputError) as error:
            why = refusal(error)
            one = Import.objects.select_related("by", "table").get(id=import_id)
        except WardbenchError as error:
            why = refusal(error)
            break
    try:
        services.end(one, len(table.rows) - one.done - sum(checked.left_out.values()), by=SYSTEM, why=why)
    except services.ElsewhereError:
        return
    looking.ask(one)


def carry_out_due(now: datetime.datetime | None = None) -> None:
    """Take up imports whose process is gone, and put aside files that nobody has touched for long."""
    now = now or timezone.now()
    take_up(now - SILENT)
    for one in Import.objects.filter(status__in=services.OPEN, at__lt=now - KEPT)[:100]:
        if (one.moved or one.at) < now - KEPT:
            services.drop(one, by=SYSTEM)


def take_up(silent: datetime.datetime | None = None) -> None:
    """Let the background carry on with whatever is under way, or with what has been `silent` since then."""
    running = Import.objects.filter(status=Import.Status.RUNNING)
    for waiting, work in ((looking.unread(), looking.look_at), (looking.unchecked(), looking.look_at),
                          (running, enter_rows)):  # fmt: skip
        if silent is not None:
            waiting = waiting.filter(Q(moved=None) | Q(moved__lt=silent))
        for import_id in list(waiting.values_list("id", flat=True)):
            Import.objects.filter(id=import_id).update(moved=timezone.now())
            work.enqueue(str(import_id))
