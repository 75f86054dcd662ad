"""The ledger of a load: where every record that came in went, and the report that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

RANKED = 100
"""How many unresolved references and unmapped codes a report lists; the store's `extra` tables hold all of them."""


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the records of one kind (a resource type, or a table) in one source file.

    A record is a line, an entry of a bundle, or a row. `written` counts records that gave at least one row.
    """

    source: str
    kind: str
    records: int
    written: int = 0
    excluded: Mapping[str, int] = msgspec.field(default_factory=dict)
    quarantined: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every record that came in is accounted for."""
        return self.records == self.written + sum(self.excluded.values()) + self.quarantined


class UnresolvedReference(msgspec.Struct, frozen=True, kw_only=True):
    """References from one field that lead nowhere.

    `target` is the type alone where the reference would name a patient's own record, else the whole reference;
    `different` is how many different references that is, `records` how many records hold them.
    """

    field: str
    target: str
    records: int
    different: int = 1


class UnmappedCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code for which no standard concept is known, and how many records hold it in `field`."""

    field: str
    system: str
    code: str
    display: str | None
    records: int


class LedgerError(Exception):
    """Records got lost or were counted twice: a fault of ours, so nothing is committed."""


class LoadReport(msgspec.Struct, kw_only=True):
    """What a load did: the ledger, the rows it gave, and what could not be linked or mapped.

    The lists are ranked by the records they touch and hold at most `RANKED` rows; the totals count all.
    """

    store: str
    version: str | None = None
    ledger: Sequence[LedgerEntry] = ()
    tables: Mapping[str, int] = msgspec.field(default_factory=dict)
    unresolved: Sequence[UnresolvedReference] = ()
    unresolved_records: int = 0
    unmapped: Sequence[UnmappedCode] = ()
    unmapped_codes: int = 0
    unmapped_records: int = 0
    notes: Sequence[str] = ()

    @property
    def records(self) -> int:
        return sum(entry.records for entry in self.ledger)

    @property
    def quarantined(self) -> int:
        return sum(entry.quarantined for entry in self.ledger)

    def check(self) -> None:
        """Raise `LedgerError` naming the first entry that does not add up."""
        for entry in self.ledger:
            if not entry.balanced:
                raise LedgerError(
                    f"{entry.source}, {entry.kind}: {entry.records} records came in, {entry.written} were written,"
                    f" {sum(entry.excluded.values())} excluded and {entry.quarantined} quarantined."
                )

    def by_kind(self) -> list[LedgerEntry]:
        """The ledger summed over files: one entry for every kind, by name."""
        sums: dict[str, LedgerEntry] = {}
        for entry in self.ledger:
            before = sums.get(entry.kind) or LedgerEntry(source="", kind=entry.kind, records=0)
            reasons = sorted({*before.excluded, *entry.excluded})
            sums[entry.kind] = LedgerEntry(
                source="",
                kind=entry.kind,
                records=before.records + entry.records,
                written=before.written + entry.written,
                excluded={r: before.excluded.get(r, 0) + entry.excluded.get(r, 0) for r in reasons},
                quarantined=before.quarantined + entry.quarantined,
            )
        return [sums[kind] for kind in sorted(sums)]
