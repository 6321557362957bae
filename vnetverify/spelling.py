"""How a name may be spelt so that it is what it looks like, and which names are one."""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase
from itertools import groupby

# Letters of other scripts that look like one of ours; in one word with ours nobody means them.
_TWINS = str.maketrans({
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l",
    "м": "m", "н": "h", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "у": "y", "ԝ": "w", "х": "x",
    "α": "a", "β": "b", "ϲ": "c", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "m", "ν": "v", "ο": "o",
    "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "ζ": "z", "օ": "o", "ս": "u", "հ": "h", "ո": "n", "ց": "g",
    "ı": "i", "ɑ": "a", "ɡ": "g", "ǀ": "l", "ꮪ": "s", "ꭺ": "a", "ᴠ": "v", "ᴡ": "w",
})  # fmt: skip
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Marks and letters that are drawn as nothing, though their categories do not say so.
_DRAWN_AS_NOTHING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")


def folded(name: str) -> str:
    """Return what is the same of two names that are one: Azure compares them without regard to case."""
    return name.casefold() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()


def fits(name: str, pattern: str | None) -> bool:
    """Hold when `name` fits a pattern with the wildcards `*`, `?` and `[…]`; every name does where there is none."""
    return pattern is None or fnmatchcase(folded(name), folded(pattern))


def look_of(name: str) -> str:
    """Return what is the same of two names that look alike."""
    return folded(name).translate(_TWINS)


def mistake_in(name: str) -> str | None:
    """Return why a name must not be spelt so, None where it may; the words follow on "the name"."""
    if name.isascii() and name.isprintable():
        return None
    for character in name:
        if is_invisible(character):
            return f"holds the invisible character U+{ord(character):04X}"
    if unicodedata.normalize("NFC", name) != name:
        return "is spelt with marks apart from their letters (it is not in Unicode's form C)"
    for word in _words_in(name):
        has_ours = any(letter.isascii() for letter in word)
        for letter in word:
            meant = _looks_like(letter, has_ours)
            if meant is not None:
                return f"holds U+{ord(letter):04X}, which only looks like `{meant}`"
    return None


def _looks_like(letter: str, beside_ours: bool) -> str | None:
    """Return what a letter passes for: a form of ours such as a wide one, or the twin of one where it stands beside."""
    if letter.isascii():
        return None
    plain = unicodedata.normalize("NFKC", letter)
    if plain.isascii():
        return plain
    twin = letter.casefold().translate(_TWINS)
    return twin if beside_ours and twin != letter.casefold() else None


def scripts_in(name: str) -> tuple[str, ...]:
    """Return the scripts that the letters of `name` are of, as Unicode calls them: `latin`, `cyrillic` and so on."""
    if name.isascii():
        return ("latin",)
    letters = (character for character in name if character.isalpha())
    return tuple(dict.fromkeys(unicodedata.name(letter, "unknown").split()[0].lower() for letter in letters))


def is_invisible(character: str) -> bool:
    """Tell whether a character is drawn as nothing, steers what is drawn, or is none at all."""
    if character in _DRAWN_AS_NOTHING or "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0000":
        return True
    category = unicodedata.category(character)
    return category in _INVISIBLE or (category == "Zs" and character != " ")


def _words_in(name: str) -> list[str]:
    """Return the runs of letters in `name`."""
    return ["".join(run) for is_word, run in groupby(name, str.isalpha) if is_word]
