"""What a template, plan or state does not tell: a value that is there, and nobody knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuntimeProperty:
    """A property that Azure fills in when it deploys: `key` is the lower-case id of the resource, `path` the lower-case
    way to the property from `properties` on, such as `ipconfigurations[0].properties.privateipaddress`."""

    key: str
    path: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value in the place of JSON that is not known before deployment. Never a guess, never null, never left out.

    `why` completes "is not known: …", for example "parameter `prefix` has no value"; `pointer` says where in the file
    the reason stands; `of` is the run-time property that the value is, where it is exactly one.
    """

    why: str
    pointer: str = ""
    of: RuntimeProperty | None = None
