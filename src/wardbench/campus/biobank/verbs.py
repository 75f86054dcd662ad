"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "biobank.add_biobank": gettext_noop("Added a biobank"),
        "biobank.add_collection": gettext_noop("Added a collection"),
        "biobank.add_container": gettext_noop("Added a place for specimens"),
        "biobank.add_donor": gettext_noop("Added a donor"),
        "biobank.add_equipment": gettext_noop("Said how cold a place has to be"),
        "biobank.add_form": gettext_noop("Added a consent form"),
        "biobank.add_protocol": gettext_noop("Added a protocol"),
        "biobank.add_readings": gettext_noop("Kept temperatures"),
        "biobank.adjust": gettext_noop("Said how much of a specimen there is"),
        "biobank.aliquot": gettext_noop("Divided a specimen"),
        "biobank.change_biobank": gettext_noop("Changed what is said of a biobank"),
        "biobank.change_collection": gettext_noop("Changed a collection"),
        "biobank.change_container": gettext_noop("Changed a place for specimens"),
        "biobank.check_box": gettext_noop("Checked a box"),
        "biobank.close_container": gettext_noop("Took a place out of use"),
        "biobank.collect": gettext_noop("Took specimens at a visit"),
        "biobank.confirm_reached": gettext_noop("Said that messages reach them"),
        "biobank.correct": gettext_noop("Corrected a specimen"),
        "biobank.decline": gettext_noop("Noted that nothing was taken"),
        "biobank.derive": gettext_noop("Made another material of a specimen"),
        "biobank.dispose": gettext_noop("Destroyed specimens"),
        "biobank.drop_responsible": gettext_noop("Took somebody off who answered for a collection"),
        "biobank.enrol": gettext_noop("Planned a donor's visits"),
        "biobank.fill": gettext_noop("Filled a box"),
        "biobank.find": gettext_noop("Found a missing specimen"),
        "biobank.give_consent": gettext_noop("Kept a donor's consent"),
        "biobank.judge_excursion": gettext_noop("Judged a time outside the temperatures"),
        "biobank.know_donor": gettext_noop("Looked up who a donor is"),
        "biobank.link_donor": gettext_noop("Said which patient a donor is"),
        "biobank.lose": gettext_noop("Said that specimens are missing"),
        "biobank.move_container": gettext_noop("Moved a place with all in it"),
        "biobank.name_responsible": gettext_noop("Named who answers for a collection"),
        "biobank.note_preanalytics": gettext_noop("Noted how a specimen was handled"),
        "biobank.pool": gettext_noop("Mixed specimens"),
        "biobank.publish": gettext_noop("Changed whether a collection is in the catalogue"),
        "biobank.put": gettext_noop("Put specimens into storage"),
        "biobank.register": gettext_noop("Entered specimens in the inventory"),
        "biobank.retain": gettext_noop("Kept a specimen back for diagnosis, or no longer"),
        "biobank.swap_containers": gettext_noop("Let two places change positions"),
        "biobank.take_out": gettext_noop("Took specimens out of storage"),
        "biobank.thaw": gettext_noop("Counted a thawing"),
        "biobank.undo": gettext_noop("Undid a move"),
        "biobank.use": gettext_noop("Used some of a specimen"),
    }
)
