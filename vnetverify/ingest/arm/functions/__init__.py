"""The functions of the template language."""

from __future__ import annotations

from itertools import chain

from vnetverify.ingest.arm.functions.catalogue import Function
from vnetverify.ingest.arm.functions.cidr import CIDR
from vnetverify.ingest.arm.functions.collections import COLLECTIONS
from vnetverify.ingest.arm.functions.dates import DATES
from vnetverify.ingest.arm.functions.encodings import ENCODINGS
from vnetverify.ingest.arm.functions.hashes import HASHES
from vnetverify.ingest.arm.functions.identifiers import IDENTIFIERS
from vnetverify.ingest.arm.functions.lambdas import LAMBDAS
from vnetverify.ingest.arm.functions.logic import LOGIC
from vnetverify.ingest.arm.functions.numbers import NUMBERS
from vnetverify.ingest.arm.functions.objects import OBJECTS
from vnetverify.ingest.arm.functions.places import PLACES
from vnetverify.ingest.arm.functions.strings import STRINGS
from vnetverify.ingest.arm.functions.unanswered import UNANSWERED

_GROUPS = (
    CIDR,
    COLLECTIONS,
    DATES,
    ENCODINGS,
    HASHES,
    IDENTIFIERS,
    LAMBDAS,
    LOGIC,
    NUMBERS,
    OBJECTS,
    PLACES,
    STRINGS,
    UNANSWERED,
)

FUNCTIONS: dict[str, Function] = {function.name.lower(): function for function in chain.from_iterable(_GROUPS)}
"""By lower-case name."""
