"""What a run found out: verdicts with their claims and stories, before anyone decides how to print them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnetverify.certificate.evidence import Certificate
from vnetverify.diagnostic import Diagnostic
from vnetverify.explanation.story import Story
from vnetverify.model.intents import Assumption, Intent, Statement
from vnetverify.model.network import Era, PublishedTags, Unmodelled
from vnetverify.prover.verdict import Caveat, Ground, Verdict

MOST_OMITTED = 12
"""Lines of one proof that are left out, one at a time."""


@dataclass(frozen=True, slots=True)
class Omission:
    """What a proved sentence becomes without one line that its proof rests on; `verdict` is None where the line is
    none that can go by itself (a default rule, an address space)."""

    ground: Ground
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a later run may check and then need not search for: a verdict before it was asked what is not modelled.

    `certificates` show a proof: of the claim itself, and with True of what arrives as its service.
    """

    verdict: Verdict
    certificates: tuple[tuple[bool, Certificate], ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The verdict on one sentence; `story` tells the witness's way where there is one.

    `seconds` is wall-clock time, `rlimit` z3's own count of work, which repeats exactly. `service_tags` are those of
    the provider's list that the verdict may depend on (F-TAG-20). `omissions` were asked for where there are some.
    `phases` are the seconds by phase. `answer` is for later runs, where one can check it; what was `recalled` is such
    an answer of an earlier run.
    """

    claim: Statement
    verdict: Verdict
    story: Story | None = None
    seconds: float = 0.0
    rlimit: int = 0
    service_tags: tuple[str, ...] = ()
    omissions: tuple[Omission, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    answer: Answer | None = None
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class IntentResult:
    """`verdict` is the worst of the claims'; `as_expected` compares it with what the intent expects."""

    intent: Intent
    verdict: Verdict
    results: tuple[ClaimResult, ...]
    as_expected: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run has to say, in the order of the text.

    `selected` counts the intents that were to be checked: more than `results` when the run was
    interrupted, which `complete` says too. `timings` are seconds by phase. `published` is the provider's list that the
    network takes service tags from, `caveats` what no proof in it speaks of.
    """

    results: tuple[IntentResult, ...]
    selected: int
    diagnostics: tuple[Diagnostic, ...] = ()
    unmodelled: tuple[Unmodelled, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    documented_reading: bool = False
    era: Era = Era.CURRENT
    timings: Mapping[str, float] = field(default_factory=dict)
    complete: bool = True
    version: str = ""
    published: PublishedTags | None = None
    caveats: tuple[Caveat, ...] = ()
