"""Functions that make a name of other texts, the same for the same texts.

Their results are those of Azure where the arguments are. The ids of a subscription and of a resource group are not in
a template, so what is made of them stands in for a name that is told at deployment: it may be compared with what is
made of the same ids, and with nothing else.
"""

from __future__ import annotations

import uuid
from typing import Any

from vnetverify.ingest.arm.functions.catalogue import Function, as_text

_NAMESPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_LETTERS = 13  # of five bits each, so that 64 bits fit
_WORD = 0xFFFFFFFF


def _guid(*texts: Any) -> str:
    """Return a UUID of version 5 (RFC 4122) in the namespace of Azure Resource Manager."""
    joined = _joined("guid", texts)
    return str(uuid.uuid5(_NAMESPACE, joined.encode("utf-8", "surrogatepass").decode("utf-8", "replace")))


def _unique_string(*texts: Any) -> str:
    """Return 13 letters and digits: a hash of 64 bits, the highest first, five to a letter."""
    hashed = _murmur(_joined("uniqueString", texts).encode("utf-8", "surrogatepass")) << (5 * _LETTERS - 64)
    return "".join(_ALPHABET[hashed >> shift & 31] for shift in range(5 * (_LETTERS - 1), -1, -5))


def _joined(function: str, texts: tuple[Any, ...]) -> str:
    return "-".join("" if text is None else as_text(function, text, position) for position, text in enumerate(texts, 1))


_FIRST, _SECOND = 0x239B961B, 0xAB0E9789
_OFFSETS = (0x561CCD1B, 0x0BCAA747)


def _murmur(data: bytes) -> int:
    """Return the hash in 64 bits that Azure takes of `data`, one of the Murmur family; eight bytes at a time."""
    one = other = 0
    whole = len(data) - len(data) % 8
    for start in range(0, whole, 8):
        low, high = (int.from_bytes(data[at : at + 4], "little") for at in (start, start + 4))
        one = (_turned(one ^ _mixed_low(low), 19) + other) * 5 + _OFFSETS[0] & _WORD
        other = (_turned(other ^ _mixed_high(high), 13) + one) * 5 + _OFFSETS[1] & _WORD
    one ^= _mixed_low(int.from_bytes(data[whole : whole + 4], "little"))
    other ^= _mixed_high(int.from_bytes(data[whole + 4 :], "little"))
    one, other = one ^ len(data), other ^ len(data)
    one = one + other & _WORD
    other = other + one & _WORD
    one, other = _finished(one), _finished(other)
    one = one + other & _WORD
    return (other + one & _WORD) << 32 | one


def _mixed_low(word: int) -> int:
    return _turned(word * _FIRST & _WORD, 15) * _SECOND & _WORD


def _mixed_high(word: int) -> int:
    return _turned(word * _SECOND & _WORD, 17) * _FIRST & _WORD


def _turned(word: int, bits: int) -> int:
    """Return `word` of 32 bits with its bits turned to the left."""
    return (word << bits | word >> (32 - bits)) & _WORD


def _finished(word: int) -> int:
    word = (word ^ word >> 16) * 0x85EBCA6B & _WORD
    word = (word ^ word >> 13) * 0xC2B2AE35 & _WORD
    return word ^ word >> 16


HASHES = (
    Function("guid", 1, None, _guid),
    Function("uniqueString", 1, None, _unique_string),
)
