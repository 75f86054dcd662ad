"""The names that `wardbench` promises are there, and no others."""

import wardbench


def test_every_promised_name_is_there_and_every_place_is_promised() -> None:
    assert sorted(wardbench._PLACES) == wardbench.__all__
    for name in wardbench.__all__:
        assert getattr(wardbench, name).__name__ == name


def test_other_names_are_not() -> None:
    assert not hasattr(wardbench, "load_everything")
