"""The terms of DUO (https://github.com/EBISPOT/DUO, CC BY 4.0): their identifiers and labels."""

from __future__ import annotations

from enum import StrEnum


class Use(StrEnum):
    """What a permission allows, and what a purpose is; from wide to narrow, with ancestry beside health."""

    NRES = "DUO:0000004"
    GRU = "DUO:0000042"
    HMB = "DUO:0000006"
    DS = "DUO:0000007"
    POA = "DUO:0000011"


class Modifier(StrEnum):
    """What a permission adds to its use."""

    RS = "DUO:0000012"
    NMDS = "DUO:0000015"
    GSO = "DUO:0000016"
    NPUNCU = "DUO:0000018"
    PUB = "DUO:0000019"
    COL = "DUO:0000020"
    IRB = "DUO:0000021"
    GS = "DUO:0000022"
    MOR = "DUO:0000024"
    TS = "DUO:0000025"
    US = "DUO:0000026"
    PS = "DUO:0000027"
    IS = "DUO:0000028"
    RTN = "DUO:0000029"
    CC = "DUO:0000043"
    NPOA = "DUO:0000044"
    NPU = "DUO:0000045"
    NCU = "DUO:0000046"


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


LABELS = {
    Use.NRES: gettext_noop("no restriction"),
    Use.GRU: gettext_noop("general research use"),
    Use.HMB: gettext_noop("health or medical or biomedical research"),
    Use.DS: gettext_noop("disease specific research"),
    Use.POA: gettext_noop("population origins or ancestry research only"),
    Modifier.RS: gettext_noop("research specific restrictions"),
    Modifier.NMDS: gettext_noop("no general methods research"),
    Modifier.GSO: gettext_noop("genetic studies only"),
    Modifier.NPUNCU: gettext_noop("not for profit, non commercial use only"),
    Modifier.PUB: gettext_noop("publication required"),
    Modifier.COL: gettext_noop("collaboration required"),
    Modifier.IRB: gettext_noop("ethics approval required"),
    Modifier.GS: gettext_noop("geographical restriction"),
    Modifier.MOR: gettext_noop("publication moratorium"),
    Modifier.TS: gettext_noop("time limit on use"),
    Modifier.US: gettext_noop("user specific restriction"),
    Modifier.PS: gettext_noop("project specific restriction"),
    Modifier.IS: gettext_noop("institution specific restriction"),
    Modifier.RTN: gettext_noop("return to database or resource"),
    Modifier.CC: gettext_noop("clinical care use"),
    Modifier.NPOA: gettext_noop("population origins or ancestry research prohibited"),
    Modifier.NPU: gettext_noop("not for profit organisation use only"),
    Modifier.NCU: gettext_noop("non-commercial use only"),
}
