"""Fields that only some may read or write although they may see the thing they belong to. A test holds each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Guarded:
    """A field: of what, by which rule it is read and written, and the test of `test_fields.py` that shows it."""

    thing: str
    field: str
    read: str
    written: str
    test: str


SEES = "whoever may see it"
NOBODY = "nobody: it is worked out, or kept by the verb that is on the record"

FIELDS = (
    Guarded(
        "person",
        "e-mail address",
        "whoever may see the profile, on its page; no program",
        "administrators, when they add the person",
        "a_profile_form_changes_what_it_shows_and_nothing_else",
    ),
    Guarded(
        "person",
        "roles, whether the account is open",
        SEES,
        "`people.rules.may_give_role`, `may_end_role`, `may_close_account`; never one's own role or account",
        "a_profile_form_changes_what_it_shows_and_nothing_else",
    ),
    Guarded(
        "person",
        "news by mail, second factor, sessions",
        "the person, on the pages of their account",
        "the person",
        "how_somebody_is_written_to_is_for_them",
    ),
    Guarded(
        "study",
        "everything but its line (reference, title, kind, investigator, status)",
        "`studies.rules.may_see`; the line alone by `may_see_line`",
        "`studies.rules.may`, in the status that the table of the study names",
        "of_a_public_study_others_see_the_line_alone",
    ),
    Guarded(
        "study",
        "status, reference, investigator, day of submission",
        SEES,
        NOBODY,
        "where_a_study_stands_is_nobodys_to_write",
    ),
    Guarded(
        "study",
        "votes and their reasons",
        "bodies that decide, until the step is decided; then whoever sees the study",
        "the body whose turn it is",
        "votes_are_read_by_the_bodies_until_a_step_is_decided",
    ),
    Guarded(
        "study",
        "tables that would leave",
        "`studies.result_rules.may_see`: its team and data stewards",
        NOBODY,
        "a_table_is_for_the_team_and_data_stewards",
    ),
    Guarded(
        "question",
        "discussion",
        "`questions.rules.may_discuss`: not partners",
        "the same; one's own comment for a quarter of an hour",
        "partners_read_a_question_without_its_discussion",
    ),
    Guarded(
        "question",
        "words of a comment that was hidden",
        "`questions.rules.may_hide_comment`: data stewards",
        "data stewards hide; nobody changes them then",
        "a_hidden_comment_is_read_by_data_stewards",
    ),
    Guarded(
        "question",
        "whether partners see it",
        SEES,
        "`questions.rules.may_open_to_partners`",
        "who_opens_a_question_to_partners",
    ),
    Guarded(
        "question",
        "which cohort is behind it",
        "whoever may see that cohort",
        "`questions.rules.may_put_cohort`",
        "the_cohort_behind_a_question_is_named_to_whoever_sees_it",
    ),
    Guarded(
        "question",
        "number of patients",
        "everybody who sees it; an exact count is never kept there",
        NOBODY,
        "an_exact_count_never_reaches_a_question",
    ),
    Guarded(
        "cohort",
        "number of persons of a version that was counted exactly",
        "`counting.rules.may_see_figure`",
        NOBODY,
        "an_exact_count_is_not_passed_on_with_a_cohort",
    ),
    Guarded(
        "cohort",
        "owner, status, versions",
        SEES,
        "`cohorts.rules.may`; the owner never changes",
        "what_a_program_sends_beyond_its_shape_is_refused",
    ),
    Guarded(
        "emergency access",
        "reason, words, finding",
        "`access.rules.may_see_access`: whoever opened it, heads of the units that answer for it, and those who watch"
        " over access",
        "reason and words by whoever opens; the finding by data protection, never of one's own",
        "what_was_said_in_an_emergency_is_for_those_who_watch",
    ),
    Guarded(
        "emergency access",
        "what a head says of it",
        "as above, but never whoever opened it",
        "heads of the units that answer for it, once for each unit",
        "what_a_head_says_is_not_for_whoever_opened_it",
    ),
    Guarded(
        "record",
        "which patient an event is about",
        "`people.rules.may_search_record`, where that patient is asked for, on the record",
        NOBODY,
        "no_list_of_the_record_names_a_patient",
    ),
    Guarded("key of the API", "secret", "its person, once, as it is made", NOBODY, "a_secret_is_read_once"),
)
