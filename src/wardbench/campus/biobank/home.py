"""What the biobank adds to the home page: what waits for those who answer for a collection."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank.curating import REACHED_WITHIN
from wardbench.campus.biobank.models import Responsible
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.home import Task, waiting


@waiting
def collections_to_confirm(actor: Actor) -> Sequence[Task]:
    """Whoever was named responsible for a collection says that this reached them, anew each year: it stands in the
    catalogue only then."""
    if not actor.roles or not actor.id:
        return []
    unheard = Q(reached=None) | Q(reached__lt=timezone.now() - REACHED_WITHIN)
    own = Responsible.objects.filter(unheard, person_id=actor.id).select_related("collection")
    return [
        Task(
            _("Say that messages about the collection %(name)s reach you") % {"name": one.collection.name},
            _("It can stand in the catalogue once two who answer for it have said so."),
            reverse("collection", args=[one.collection_id]),
        )
        for one in own.order_by("collection__name", "collection")
    ]
