"""The pieces that the builder's page is made of, and which of them a change has changed.

Each is a template whose first tag has the piece's name as id, so that after a change a browser with a script gets the
pieces that differ and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from wardbench.campus.cohorts.builder import Board
from wardbench.campus.cohorts.followed import Followed


@dataclass(frozen=True)
class Part:
    """A piece of the page: its template, with what it alone gets, and whatever it shows that a change may change."""

    template: str
    shows: Any
    more: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def rendered(self, request: HttpRequest, board: Board) -> str:
        context = {"board": board, "cohort": board.seen.cohort, "seen": board.seen, **self.more}
        return render_to_string(f"cohorts/parts/{self.template}.html", context, request).strip()


@dataclass(frozen=True)
class Cards:
    """A list of cards on the page: its id, its template, that of one card's head, and the cards."""

    name: str
    template: str
    head: str
    cards: Sequence[Any]

    def whole(self, became: Mapping[str, Followed]) -> Part:
        """The list without forms, every card marked with what it was called, so that a browser moves its form along."""
        were = {one.part: part for part, one in became.items()}
        return Part(self.template, self.cards, {"cards": self.cards, "list": self.name, "were": were, "bare": True})

    def heads(self) -> dict[str, Part]:
        return {f"{card.part}-head": Part(self.head, card, {"card": card}) for card in self.cards}


def lists(board: Board) -> list[Cards]:
    return [
        Cards("rules", "rules", "rule", board.rules),
        Cards("entry-list", "cards", "card", board.entries),
        Cards("additional-list", "cards", "card", board.additional),
        Cards("censor-list", "cards", "card", board.censors),
        Cards("set-list", "set_list", "set", board.sets),
    ]


def parts(board: Board) -> dict[str, Part]:
    """The parts of the page by id, without the lists of cards and without forms."""
    said, counted = board.outline, board.counted
    entry = counted.shown.entry if counted.shown else None
    return {
        "entry-count": Part("entry_count", (entry, bool(board.entries))),
        "course-words": Part("course_words", (board.course, board.says["course"])),
        "set-choices": Part("set_choices", board.outline.set_names),
        "sets-unused": Part("unused", board.has_unused),
        "side": Part("side", (counted, board.rules, said.problem, bool(board.entries))),
    }


def changed_parts(request: HttpRequest, before: Board, after: Board, became: Mapping[str, Followed]) -> str:
    """The parts of `after` that differ from `before`, each marked to take the place of what is there.

    A form is given only where `after` has it open: every other stays as somebody left it, with what is typed in it,
    because a list of cards that became others, or came into another order, is taken over card by card (`cards` in the
    builder's script). What shows the same is not drawn: drawing is most of what a change costs.
    """
    old, new = parts(before), parts(after)
    whole: dict[str, Part] = {}
    for was, now in zip(lists(before), lists(after), strict=True):
        stand = [became[card.part].part if card.part in became else "" for card in was.cards]
        if stand == [card.part for card in now.cards]:
            old |= was.heads()
            new |= now.heads()
        else:
            whole[now.name] = now.whole(became)
    return _marked(request, after, whole | {name: part for name, part in new.items() if old.get(name) != part})


def all_parts(request: HttpRequest, board: Board, became: Mapping[str, Followed]) -> str:
    """Every part, to take the place of what a page shows that the definition went on without; forms as above."""
    return _marked(request, board, {one.name: one.whole(became) for one in lists(board)} | parts(board))


def _marked(request: HttpRequest, board: Board, changed: Mapping[str, Part]) -> str:
    forms = {f"{part}-form": Part("place", None, {"part": part}) for part in board.open}
    html = {name: part.rendered(request, board) for name, part in {**changed, **forms}.items()}
    lists_of_cards = {one.name for one in lists(board)}
    how = {name: "cards" if name in lists_of_cards else "true" for name in html}
    return "\n".join(
        text.replace(f'id="{name}"', f'id="{name}" hx-swap-oob="{how[name]}"', 1) for name, text in html.items()
    )
