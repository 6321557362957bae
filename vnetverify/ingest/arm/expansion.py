"""Deployments written out: every resource that they declare, with the deployments nested in them, up to a bound."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vnetverify.diagnostic import Diagnostic
from vnetverify.ingest.arm.bodies import Turn, Turns, resolved
from vnetverify.ingest.arm.bounds import Bounds
from vnetverify.ingest.arm.deployments import DEPLOYMENTS, Declared, Deployment, Origin
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.mistakes import Mistake, Spot, TooLarge, mistake
from vnetverify.ingest.arm.nesting import Nested, linked_by, nested_in
from vnetverify.ingest.arm.ordering import chain
from vnetverify.ingest.arm.references import References
from vnetverify.ingest.arm.standins import StandIn, composed
from vnetverify.ingest.arm.standpoints import Standpoint
from vnetverify.ingest.arm.targets import Target, id_within, last_name
from vnetverify.ingest.arm.templates import Statement, Template, part
from vnetverify.ingest.arm.values import kind_of
from vnetverify.ingest.resources import key_of, parent_of
from vnetverify.ingest.unknown import Unknown

MOST_RESOURCES = 50_000  # of all templates of an input together
MOST_VALUES = 5_000_000  # of all these resources
DEEPEST = 32  # deployments inside each other
_MOST_TOLD = 100  # mistakes of one input
# Members by which a resource says that another service makes it, and the provider that stands for all of these.
_EXTENDING, _EXTENSION = ("extension", "import"), "extension"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a template deploys and that is not known: which resources, or in which network they are."""

    what: str
    unknown: Unknown
    where: Spot
    kind: str = ""


@dataclass(slots=True)
class Expansion:
    """What all templates of an input share: the bounds, the resources found so far, and what is wrong with them.

    `templates` are those that others may be linked to, by the file that they stand in.
    """

    templates: Mapping[str, Template]
    bounds: Bounds = field(default_factory=Bounds)
    left: int = field(default_factory=lambda: MOST_RESOURCES)
    values_left: int = field(default_factory=lambda: MOST_VALUES)
    linked: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)
    _told: dict[tuple[str, str, str], Diagnostic] = field(default_factory=dict)
    _by_key: dict[str, list[Declared]] = field(default_factory=dict)
    # Deployments to elsewhere by the ids that they would have beside the template: some name them so.
    _elsewhere: dict[str, list[Declared]] = field(default_factory=dict)
    _children: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _expanded: set[int] = field(default_factory=set)
    _read: set[int] = field(default_factory=set)
    # What was found in the pass before, of which this one asks what it has not come to yet; and what it asked so.
    before: Expansion | None = None
    _is_expanding: bool = False
    _reading: list[Declared] = field(default_factory=list)  # deployments, to find out what is passed to them
    _missed: set[str] = field(default_factory=set)
    _has_asked_for_lists: bool = False

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(self._told.values())

    def tell(self, found: Mistake) -> None:
        """Keep what is wrong, each thing once. Raises `TooLarge` when the work that is allowed has been done."""
        span = found.diagnostic.span
        if len(self._told) < _MOST_TOLD:
            self._told.setdefault((span.file, span.pointer or "", found.diagnostic.message), found.diagnostic)
        if self.bounds.left < 0 or self.bounds.made < 0:
            raise TooLarge(found.message, Spot(span.file, span.pointer or ""))

    def allow(self, count: int, where: Spot) -> None:
        """Count resources that are about to be declared. Raises `TooLarge`."""
        self.left -= count
        if self.left < 0:
            raise TooLarge(f"the templates expand to more than {MOST_RESOURCES} resources", where)

    def allow_values(self, count: int, where: Spot) -> None:
        """Count what a resource has come to hold. Raises `TooLarge`."""
        self.values_left -= count
        if self.values_left < 0:
            raise TooLarge(f"what the templates expand to holds more than {MOST_VALUES} values", where)

    def references_of(self, deployment: Deployment) -> References:
        return References(deployment, self)

    def find(self, key: str) -> Declared | None:
        """Return the resource with that id; of several that may be there the first that is."""
        found = self._by_key.get(key, [])
        named_so = self._elsewhere.get(key, ())
        if not found and len(named_so) == 1:
            return named_so[0]
        there = _first_there(found)
        if self._is_expanding and (there is None or there.is_existing):
            self._missed.add(key)  # it may stand in what is yet to be written out
            earlier = None if self.before is None else self._found_before(key, self.before)
            return there if earlier is None or earlier.is_existing else earlier
        return there

    def _found_before(self, key: str, before: Expansion) -> Declared | None:
        """Return what the pass before found, but for what the deployment makes that is being read: that is to come."""
        named_so = before._elsewhere.get(key, ())
        found = before._by_key.get(key, ()) or (named_so if len(named_so) == 1 else ())
        return _first_there([one for one in found if not any(self._is_being_read(step) for step in chain(one))])

    def _is_being_read(self, declared: Declared) -> bool:
        return any(one.spot == declared.spot and one.turns == declared.turns for one in self._reading)

    def find_before(self, key: str) -> Declared | None:
        """Return another declaration of the resource with that id than the one that is being read."""
        found = self._by_key.get(key, [])
        return next((one for one in found if not (one.is_absent or one.is_existing or one.is_being_read)), None)

    def declares(self, key: str) -> bool:
        """Hold when a template deploys, or may deploy, the resource with that id."""
        return any(not one.is_absent and not one.is_existing for one in self._by_key.get(key, ()))

    def children_of(self, key: str, segment: str) -> Collection[str] | None:
        """Return the ids of the children in the list `segment` of a resource that are declared outside of it, or None
        where there may be others."""
        own = (key, segment.lower())
        if not self._is_expanding:
            return self._children.get(own, ())
        self._has_asked_for_lists = True
        return None if self.before is None else {*self.before._children.get(own, ()), *self._children.get(own, ())}

    @property
    def is_settled(self) -> bool:
        """Hold when another pass could tell nothing more: what was asked for is there, and lists are as before."""
        if self.before is not None and self.before._children == self._children:
            return True
        return not self._has_asked_for_lists and not any(
            self.declares(key) or key in self._elsewhere for key in self._missed
        )

    def outputs_of(self, deployment: Deployment) -> dict[str, Any]:
        if deployment.reading is self:
            self.expand(deployment)
        return deployment.outputs()

    def expand(self, deployment: Deployment) -> None:
        """Declare the resources of `deployment`, and of those nested in it; what is wrong is kept."""
        if id(deployment) in self._expanded:
            return
        self._expanded.add(id(deployment))
        try:
            statements = deployment.template.statements
        except EvaluationError as error:
            self.tell(mistake(error, Spot(deployment.template.file, deployment.template.pointer)))
            return
        for statement in statements:
            self._declare_all(statement, deployment, (), None)
        for declared in deployment.declared:
            try:
                within = self.within(declared)
            except (EvaluationError, BadExpression) as error:
                self.tell(mistake(error, declared.spot))
                continue
            if within is not None:
                self.expand(within)

    def _declare_all(
        self, statement: Statement, deployment: Deployment, around: Turns, holder: Declared | None
    ) -> None:
        where = Spot(deployment.template.file, statement.pointer)
        try:
            loop = statement.says("copy")
            if isinstance(loop, dict):
                all_turns = deployment.loop_turns(loop, around, Spot(where.file, f"{where.pointer}/copy"))
            else:
                self.allow(1, where)
                all_turns = [around]
        except (EvaluationError, BadExpression) as error:
            self.tell(mistake(error, where))
            return
        if not all_turns and str(statement.says("type")).lower() == DEPLOYMENTS:
            turns = (*around, Turn(str(part(loop, "name") or "").lower(), 0, True))
            self._keep_link(Declared(statement, deployment, turns, DEPLOYMENTS, "", "", is_absent=True))
        for turns in all_turns:
            try:
                declared = self._declare(statement, deployment, turns, holder)
            except (EvaluationError, BadExpression) as error:
                self.tell(mistake(error, where))
                continue
            for child in statement.children:
                self._declare_all(child, deployment, turns, declared)

    def _declare(self, statement: Statement, deployment: Deployment, turns: Turns, holder: Declared | None) -> Declared:
        """Return the resource that `statement` declares in one turn, having kept it. Raises `Mistake`."""
        naming = _Naming(statement, deployment, turns, holder, deployment.in_turns(turns))
        condition = naming.condition()
        presence = _first(
            deployment.origin.presence, holder.presence if holder is not None else None, naming.count_doubt(), condition
        )
        try:
            type_name, name, identity = naming.identity()
        except (EvaluationError, BadExpression):
            if condition is not False or statement.children:
                raise
            return self._keep_unnamed(statement, deployment, turns)  # what it would be called matters to nobody
        declared = Declared(
            statement,
            deployment,
            turns,
            type_name,
            name,
            identity,
            presence,
            is_absent=condition is False,
            is_existing=statement.says("existing") is True,
        )
        self._by_key.setdefault(declared.key, []).append(declared)
        if declared.is_nested_deployment and holder is None:
            around = key_of(id_within(deployment.target.root, type_name, name))
            if around != declared.key:
                self._elsewhere.setdefault(around, []).append(declared)
        if declared.is_child and not declared.is_absent and not declared.is_existing:
            own = (parent_of(declared.key), declared.kind.rpartition("/")[2])
            self._children.setdefault(own, set()).add(declared.key)
        deployment.declared.append(declared)
        return declared

    def _keep_unnamed(self, statement: Statement, deployment: Deployment, turns: Turns) -> Declared:
        declared = Declared(statement, deployment, turns, str(statement.says("type")), "", "", is_absent=True)
        deployment.declared.append(declared)
        return declared

    def within(self, declared: Declared) -> Deployment | None:
        """Return the deployment that a resource makes, which is read when somebody asks for it; None where it makes
        none, and with a gap where its template is not in the input. Raises `Mistake`."""
        if declared.deployment.reading is not self:
            return declared.within
        if not declared.is_nested_deployment or declared.is_existing:
            return None
        if declared.is_absent:
            self._keep_link(declared)
            return None
        if id(declared) not in self._read:
            self._read.add(id(declared))
            declared.within = self._read_nested(declared)
        return declared.within

    def _keep_link(self, declared: Declared) -> None:
        """Keep that a template is linked to by a deployment that does not take place: it deploys nothing by itself."""
        template = linked_by(declared, self.templates)
        if template is not None:
            self.linked.add(template.file)

    def _read_nested(self, declared: Declared) -> Deployment | None:
        outer = declared.deployment
        if outer.origin.depth >= DEEPEST:
            raise TooLarge(f"deployments nest deeper than {DEEPEST} levels", declared.spot)
        self._reading.append(declared)
        try:
            nested: Nested = nested_in(declared, self.templates)
        finally:
            self._reading.pop()
        if nested.template is None:
            self.gaps.append(Gap(f"nested deployment `{last_name(declared.name)}`", nested.missing, declared.spot))
            return None
        if nested.is_linked:
            self.linked.add(nested.template.file)
        origin = Origin(
            declared.name,
            str(declared.name).strip("<>"),
            declared.presence,
            declared,
            None if nested.is_inner else outer.in_turns(declared.turns),
            outer.origin.depth + 1,
        )
        return Deployment(nested.template, nested.target, nested.arguments, origin, self)

    def expand_all(self, deployments: Sequence[Deployment]) -> None:
        """Write out the deployments of the templates of the input, each of which may ask for what another declares."""
        self._is_expanding = True
        for deployment in deployments:
            self.expand(deployment)
        self._is_expanding = False


def all_declared(deployment: Deployment) -> Iterator[Declared]:
    """Yield the resources of a deployment in the order of its template, with those of the ones nested in it."""
    for declared in deployment.declared:
        if declared.within is not None:
            yield from all_declared(declared.within)
        elif not declared.is_nested_deployment:
            yield declared


def _first_there(found: Sequence[Declared]) -> Declared | None:
    return next((one for one in found if not one.is_absent and not one.is_existing), found[0] if found else None)


def _first(*presences: Unknown | bool | None) -> Unknown | None:
    return next((one for one in presences if isinstance(one, Unknown)), None)


@dataclass(frozen=True, slots=True)
class _Naming:
    """A statement in the turns of the loops around it: whether it holds, and what it names."""

    statement: Statement
    deployment: Deployment
    turns: Turns
    holder: Declared | None
    reader: Standpoint

    def _said(self, name: str) -> Any:
        """Return the value of a member; what is not known of a text is a stand-in. Raises `Mistake`."""
        raw = self.statement.says(name)
        return raw if raw is None else resolved(raw, self.reader, self._spot(name))

    def _spot(self, name: str) -> Spot:
        return Spot(self.deployment.template.file, f"{self.statement.pointer}/{name}")

    def condition(self) -> bool | Unknown:
        value = self._said("condition")
        if isinstance(value, StandIn):
            return value.unknown
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if value is None:
            return True
        if not isinstance(value, (bool, Unknown)):
            raise mistake(EvaluationError(f"the condition is {kind_of(value)}, not a bool"), self._spot("condition"))
        return value

    def count_doubt(self) -> Unknown | None:
        return next((turn.index for turn in self.turns if isinstance(turn.index, Unknown)), None)

    def identity(self) -> tuple[str, str, str]:
        """Return type, name and id. Raises `Mistake`."""
        if any(isinstance(self.statement.says(word), str) for word in _EXTENDING):
            return self._of_extension()
        type_name, name = self._text("type"), self._text("name")
        try:
            return self._identified(type_name, name)
        except Mistake:
            raise
        except EvaluationError as error:
            raise mistake(error, self._spot("name")) from error

    def _of_extension(self) -> tuple[str, str, str]:
        """Return type, name and id of what another service than Azure makes (groups of Microsoft Graph, parts of
        Kubernetes): it has no name of its own."""
        type_name = f"{_EXTENSION}.{self._text('type').partition('@')[0]}".replace("/", ".")
        return f"{type_name}/resources", self._title(), id_within("", f"{type_name}/resources", self._title())

    def _identified(self, type_name: str, name: str) -> tuple[str, str, str]:
        holder = self.holder if self.holder is not None else self._parent()
        if holder is not None:
            return _in_holder(type_name, name, holder)
        if type_name.lower() == "microsoft.resources/deployments":
            return type_name, name, id_within(self._target_of_nested().root, type_name, name)
        scope = self._said("scope")
        is_existing = self.statement.says("existing") is True
        root = (self._target_of_nested() if is_existing and scope is None else self.deployment.target).root
        if isinstance(scope, Unknown):
            root = StandIn("/<scope>", scope)
        elif isinstance(scope, str):
            root = _scope_root(scope, root)
        return type_name, name, id_within(root, type_name, name)

    def _target_of_nested(self) -> Target:
        """Return where a nested deployment is directed at, and so stands; where that is not told, what is around it."""
        around = self.deployment.target
        scope, subscription, group = (self._said(word) for word in ("scope", "subscriptionId", "resourceGroup"))
        try:
            if isinstance(scope, str) and scope:
                return around.at(scope if scope.startswith("/") else f"/providers/{scope}")
            if all(isinstance(said, str | None) for said in (scope, subscription, group)):
                return around.inside(subscription or None, group or None)
        except EvaluationError:
            pass  # which is told where its template is read
        return around

    def _text(self, member: str) -> str:
        value = self._said(member)
        if isinstance(value, Unknown):
            return StandIn(f"<{member} of {self._title()}>", value)
        if not isinstance(value, str) or not value.strip("/"):
            found = "empty" if isinstance(value, str) else kind_of(value)
            raise mistake(EvaluationError(f"the {member} of a resource is {found}"), self._spot(member))
        return value

    def _title(self) -> str:
        """Return what tells this resource from all others where its name cannot: its place and its turns."""
        numbers = [str(turn.index) if isinstance(turn.index, int) else "n" for turn in self.turns]
        own = self.statement.symbol or self.statement.pointer.rpartition("resources/")[2]
        place = ".".join((self.deployment.origin.qualifier, own)).strip(".")
        return " ".join((place, *numbers)).replace("/", ".")

    def _parent(self) -> Declared | None:
        """Return the resource that `parent` names by its symbol, of those declared so far."""
        symbol = self.statement.says("parent")
        if not isinstance(symbol, str):
            return None
        found = [one for one in self.deployment.declared if (one.statement.symbol or "").lower() == symbol.lower()]
        if len(found) != 1:
            raise mistake(EvaluationError(f"`parent` names no resource `{symbol[:40]}`"), self._spot("parent"))
        return found[0]


def _in_holder(type_name: str, name: str, holder: Declared) -> tuple[str, str, str]:
    """Return type, name and id of a resource that is written inside another, or names it as its parent."""
    own = type_name.strip("/")
    if "." in own.partition("/")[0]:
        if not own.lower().startswith(f"{holder.type_name.lower()}/"):
            return own, name, id_within(holder.identity, own, name)
        whole = own
    else:
        whole = f"{holder.type_name}/{own}"
    full = name if name.count("/") == whole.count("/") - 1 else composed((holder.name, "/", name))
    extra = whole[len(holder.type_name) + 1 :].split("/")
    rest = full.split("/")[-len(extra) :]
    if len(full.split("/")) != whole.count("/"):
        raise EvaluationError(f"the name `{full[:80]}` does not have as many parts as the type `{whole[:80]}`")
    doubt = full if isinstance(full, StandIn) else ""
    pairs = [part for kind, one in zip(extra, rest, strict=True) for part in ("/", kind, "/", one)]
    identity = composed((holder.identity, *pairs))
    return whole, full, StandIn(identity, doubt.unknown) if isinstance(doubt, StandIn) else identity


def _scope_root(scope: str, root: str) -> str:
    """Return the id that a resource extends; one that begins with a type stands in the scope of the deployment."""
    if scope.startswith("/"):
        return "" if scope == "/" else scope
    return composed((root, "/providers/", scope))
