"""One Chromium for all tests of pages; they skip where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser.chromium import Browser, executable


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = executable()
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with Browser(program) as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The browser as a new window would be: 1280 pixels wide, on a screen, in light colours."""
    chromium.width(1280)
    chromium.media(prefers_color_scheme="light")
    return chromium
