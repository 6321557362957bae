"""Which example of the rule book notices a planted fault: it is answered otherwise than the book says."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from tests.agreement.planting import ROOT, Mutant, planted

PAGES = ("routing", "filtering", "boundaries", "intents")
# What an engine with a fault may fail with instead of answering.
_FAILURES = (LookupError, AssertionError, AttributeError)


def noticed_by(mutant: Mutant) -> str | None:
    """Return the first example of the mutant's rule that is answered otherwise; None if the fault survives.

    An engine is asked the questions of the example and what it makes of its intents, acceptance whether the network
    is valid. Raises `BadMutant` where there is nothing to change.
    """
    with planted(mutant):
        for page in PAGES:
            text = (ROOT / "specs" / "semantics" / f"{page}.md").read_text()
            for example in _part("testing.examples").read_page(text).examples:
                if mutant.rule in example.rules and _notices(mutant, example):
                    return str(example.names[0])
    return None


def _notices(mutant: Mutant, example: Any) -> bool:
    asked = next(asked for part, asked in _ASKED.items() if mutant.module.startswith(f"vnetverify.{part}"))
    answered = asked if example.asked else _verdicts_stand
    try:
        return not answered(example)
    except _FAILURES:
        return True


def _part(name: str) -> Any:
    """Return a module as it is now, with the fault that is planted."""
    return importlib.import_module(f"vnetverify.{name}")


def _read(example: Any) -> Any:
    return _part("syntax").read((_part("source").Source(example.names[0], example.network),))


def _the_simulator_answers(example: Any) -> bool:
    """Hold when the simulator gives the answers of the book."""
    answers, world, read = _part("testing.answers"), _part("facts").World, _read(example)
    for question, answer in example.asked:
        asked = _part("testing.question_lines").parse_asked(question, answer, read.network)
        if isinstance(asked.question, _part("testing.questions").IsValid):
            continue
        given = answers.simulated_answer(read.network, asked.question, world(asked.facts), lambda _: ())
        if not answers.agrees(asked.answer, given):
            return False
    return True


def _the_encoder_answers(example: Any) -> bool:
    """Hold when the encoding says what the answers of the book mean."""
    solver, network = _part("prover.solver"), _read(example).network
    with closing(solver.Solver(solver.Limits())) as asked_of:
        for question, answer in example.asked:
            asked = _part("testing.question_lines").parse_asked(question, answer, network)
            for confirmation in _part("testing.confirmation").confirmations(network, asked, asked_of):
                if confirmation.expected != confirmation.given:
                    return False
    return True


def _it_is_accepted(example: Any) -> bool:
    """Hold when the network is accepted, or is not and for the reasons that the book names."""
    answers, world, read = _part("testing.answers"), _part("facts").World, _read(example)
    asked_for = [(question, answer) for question, answer in example.asked if question == "is valid"]
    for question, answer in asked_for or [("is valid", "valid")]:
        asked = _part("testing.question_lines").parse_asked(question, answer, read.network)
        given = answers.simulated_answer(
            read.network,
            asked.question,
            world(),
            lambda network: (*read.diagnostics, *_part("model.wellformed").check(network)),
        )
        if not answers.agrees(asked.answer, given):
            return False
    return True


def _verdicts_stand(example: Any) -> bool:
    """Hold when every intent comes out as it expects, and both engines judge flows of its claims alike."""
    pipeline, document = _part("pipeline"), _part("syntax.read").read_text(example.network, example.names[0])
    try:
        report = pipeline.prove(pipeline.Loaded(document, {}, ()), pipeline.Options())
    except pipeline.Disagreement:
        return False
    if not all(result.as_expected for result in report.results):
        return False
    statements = [statement for intent in document.intents for statement in intent.claims]
    claims = [statement for statement in statements if isinstance(statement, _part("model.intents").Claim)]
    solver = _part("prover.solver")
    with closing(solver.Solver(solver.Limits())) as asked_of:
        return all(_engines_agree(document.network, claim, asked_of) for claim in claims)


def _engines_agree(network: Any, claim: Any, solver: Any) -> bool:
    """Hold when the simulator says of a flow that obeys the claim, and of one that does not, what the encoder says."""
    violates = _part("simulator.claims").violates
    for obligation in _part("testing.agreement").opened(network, claim, solver).obligations.values():
        solver.open(obligation)
        for literals, expected in (
            ([obligation.violation], True),
            ([obligation.in_question, f"-{obligation.violation}"], False),
        ):
            answer = solver.check(literals)
            if isinstance(answer, _part("prover.solver").Satisfiable):
                origin, flow, world = obligation.witness(answer.model)
                if (violates(network, claim, origin, flow, world) is not None) is not expected:
                    return False
    return True


# How the examples are asked of the part of the program that has the fault.
_ASKED: Mapping[str, Callable[[Any], bool]] = {
    "simulator": _the_simulator_answers,
    "syntax": _the_simulator_answers,
    "encoder": _the_encoder_answers,
    "model.planes": _the_encoder_answers,  # which encodes one plane of a network at a time
    "model.wellformed": _it_is_accepted,
    "model.names": _it_is_accepted,
    "model.resolvers": _it_is_accepted,
    "prover": _it_is_accepted,
}
