"""Whether a reply comes back, by the courses there and back (R-TRAF-2, F-STATE-2, F-STATE-3)."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.facts import uncertainty
from vnetverify.matrix.courses import Course, Courses, Way
from vnetverify.model.network import Network


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether replies surely come back and whether they may, where the policies `judged_by` let them pass."""

    surely: bool
    possibly: bool
    judged_by: tuple[str, ...] = ()


_YES, _MAYBE, _NO = Answer(True, True), Answer(False, True), Answer(False, False)


class Replies:
    def __init__(self, network: Network, courses: Courses) -> None:
        self._network = network
        self._courses = courses
        self._known: dict[tuple[int, int], Answer] = {}

    def between(self, there: int, back: int) -> Answer:
        """Return the answer for two courses, in whichever of their ways."""
        found = self._known.get((there, back))
        if found is None:
            ways = self._courses.courses
            found = self._known[there, back] = self._joined(ways[there], ways[back])
        return found

    def _joined(self, there: Course, back: Course) -> Answer:
        answers = {self._answer(way, reply) for way in there if way.delivered or way.beyond for reply in back}
        if len(answers) == 1:
            return answers.pop()
        surely = all(answer.surely and not answer.judged_by for answer in answers)
        return Answer(surely, any(answer.possibly for answer in answers))

    def _answer(self, way: Way, reply: Way) -> Answer:
        if way.beyond or reply.beyond:
            return _MAYBE
        if not reply.delivered:
            return _NO
        sure = True
        judged: list[str] = []
        for device in dict.fromkeys((*way.met, *reply.met)):
            answer = self._past(device, way, reply)
            if not answer.possibly:
                return _NO
            sure &= answer.surely
            judged += answer.judged_by
        if not self._is_on_record(way, reply):
            sure = False
        return Answer(sure, True, tuple(judged)) if sure or not judged else _MAYBE

    def _past(self, device: str, way: Way, reply: Way) -> Answer:
        """Return whether the reply passes a device, or may miss it (R-TRAF-2)."""
        stateful = self._is_stateful(device)
        if (device in way.met) is not (device in reply.met):
            if stateful is not False:
                return _NO if stateful else _MAYBE
            if device not in reply.met:
                return _YES
        if stateful:
            return _YES
        machine = self._network.machines.get(device)
        if machine is None or machine.policy is None:
            return _YES if device in way.met else self._forwards(device)
        return _MAYBE if stateful is None else Answer(True, True, (device,))

    def _is_stateful(self, device: str) -> bool | None:
        declared = self._courses.devices[device].stateful
        return self._courses.value(uncertainty("U-STATEFUL", device)) if declared is None else declared

    def _forwards(self, device: str) -> Answer:
        forwards = self._courses.value(uncertainty("U-FORWARDS", device))
        return _MAYBE if forwards is None else _YES if forwards else _NO

    @staticmethod
    def _is_on_record(way: Way, reply: Way) -> bool:
        """Hold when the groups on the way back are at interfaces that the first packet passed (F-STATE-2)."""
        passed = {(passage.owner, passage.subnet, passage.nic) for passage in way.passages if passage.group is not None}
        asked = {
            (passage.owner, passage.subnet, passage.nic) for passage in reply.passages if passage.group is not None
        }
        return asked <= passed

    def facts(self, there: Course, back: Course) -> frozenset[str]:
        """Return the open facts about the devices on both ways."""
        met = {device for way in (*there, *back) for device in way.met}
        questions = (uncertainty("U-STATEFUL", name) for name in met if self._courses.devices[name].stateful is None)
        return frozenset(str(fact) for fact in questions if self._courses.value(fact) is None)
