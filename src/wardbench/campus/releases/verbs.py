"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "releases.accept": gettext_noop("Accepted a quote"),
        "releases.answer_task": gettext_noop("Said what became of a thing after a withdrawal"),
        "releases.add_basket": gettext_noop("Began a basket of specimens"),
        "releases.ask": gettext_noop("Asked a biobank for specimens"),
        "releases.choose": gettext_noop("Had specimens chosen for a basket"),
        "releases.close": gettext_noop("Closed a request for specimens"),
        "releases.destroy": gettext_noop("Reported specimens as destroyed"),
        "releases.draft": gettext_noop("Began a request for specimens"),
        "releases.draw_up": gettext_noop("Drew up a transfer agreement anew"),
        "releases.drop_basket": gettext_noop("Threw a basket away"),
        "releases.drop_lines": gettext_noop("Took specimens out of a draft request"),
        "releases.edit": gettext_noop("Changed a draft request"),
        "releases.empty_basket": gettext_noop("Took specimens out of a basket"),
        "releases.end_opt_out": gettext_noop("Noted that an opt-out was taken back"),
        "releases.expire": gettext_noop("Let a reservation expire"),
        "releases.extend": gettext_noop("Reserved specimens for longer"),
        "releases.fill_basket": gettext_noop("Put specimens into a basket"),
        "releases.fill_found": gettext_noop("Put what was found into a basket"),
        "releases.fill_pairs": gettext_noop("Put cases and controls into a basket"),
        "releases.change_standing": gettext_noop("Changed criteria that stand"),
        "releases.drop_match": gettext_noop("Did not want what was found"),
        "releases.end_standing": gettext_noop("Ended criteria that stand"),
        "releases.keep_standing": gettext_noop("Kept criteria standing"),
        "releases.match_standing": gettext_noop("Found what criteria look for"),
        "releases.leave_out": gettext_noop("Left a specimen out of a request"),
        "releases.log": gettext_noop("Kept temperatures of a parcel"),
        "releases.open": gettext_noop("Made a new code for a recipient"),
        "releases.opt_out": gettext_noop("Wrote down an opt-out of the reuse of data"),
        "releases.pick": gettext_noop("Began to pick specimens"),
        "releases.prove": gettext_noop("Proved that a withdrawal reached everything"),
        "releases.put_back": gettext_noop("Put a picked specimen back"),
        "releases.quote": gettext_noop("Said what a request costs"),
        "releases.receive": gettext_noop("Said what arrived of a parcel"),
        "releases.refuse": gettext_noop("Refused a request for specimens"),
        "releases.reserve": gettext_noop("Reserved specimens for a request"),
        "releases.resolve": gettext_noop("Settled what became of a missing specimen"),
        "releases.scan": gettext_noop("Scanned a tube while picking"),
        "releases.send": gettext_noop("Sent specimens"),
        "releases.send_back": gettext_noop("Sent specimens back"),
        "releases.set_tariff": gettext_noop("Set a tariff of a biobank"),
        "releases.settle": gettext_noop("Took down what happened after a withdrawal"),
        "releases.sign": gettext_noop("Signed a transfer agreement"),
        "releases.stop": gettext_noop("Stopped picking"),
        "releases.take_back": gettext_noop("Took specimens back"),
        "releases.take_consent_back": gettext_noop("Wrote down that a donor takes consent back"),
        "releases.use": gettext_noop("Reported the use of a specimen"),
        "releases.withdraw": gettext_noop("Withdrew a request for specimens"),
    }
)
