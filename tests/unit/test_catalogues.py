"""The translations that are shipped, as they are compiled: each is whole and takes what English takes."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

import oscar_vipps

CATALOGUES = sorted(Path(oscar_vipps.__file__).parent.glob("locale/*/LC_MESSAGES/django.mo"))
LANGUAGES = [path.parts[-3] for path in CATALOGUES]

#: ``%(amount)s``, ``%d`` and ``{amount}``; a bare ``%`` too, so that one that is lost shows.
PLACEHOLDER = re.compile(r"%\(\w+\)\w|%\w|%|\{\w*\}")


def texts(path: Path) -> dict[str, str]:
    """English -> translation, with all plural forms of either in one, divided by NUL."""
    data = path.read_bytes()
    magic, _revision, count, sources, translations = struct.unpack_from("<5I", data)
    assert magic == 0x950412DE

    def read(table: int, number: int) -> str:
        length, begin = struct.unpack_from("<2I", data, table + 8 * number)
        return data[begin : begin + length].decode()

    found = {read(sources, number): read(translations, number) for number in range(count)}
    del found[""]  # the header
    return found


def forms(source: str, translation: str) -> list[tuple[str, str]]:
    """Each plural form with the English one that has the same sense: singular or plural."""
    english = source.split("\0")
    return [
        (english[min(number, len(english) - 1)], form) for number, form in enumerate(translation.split("\0"))
    ]


def space_around(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def test_the_languages_that_are_shipped() -> None:
    assert LANGUAGES == ["da", "nb", "nn", "sv"]


@pytest.mark.parametrize("path", CATALOGUES, ids=LANGUAGES)
def test_no_language_lacks_a_text_that_another_has(path: Path) -> None:
    """What isn't translated is left out when a catalogue is compiled."""
    everything = {source for each in CATALOGUES for source in texts(each)}
    assert len(everything) > 500
    assert everything == set(texts(path))


@pytest.mark.parametrize("path", CATALOGUES, ids=LANGUAGES)
def test_each_text_takes_what_english_takes(path: Path) -> None:
    differing = [
        (english, form)
        for source, translation in texts(path).items()
        for english, form in forms(source, translation)
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(form))
        or space_around(english) != space_around(form)
    ]
    assert differing == []
