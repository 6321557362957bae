# `make check` is what must hold before a commit; `make golden` rewrites the golden files from today's output.
PYTHON ?= python
EXAMPLES ?= 2000
FORGERIES ?= 100
NETWORKS ?= 10000
LAWFUL ?= 5000
SEED ?= 1
COUNT ?= 4

.PHONY: check format lint types contracts specs test golden fuzz properties laws hostile mutants mutation decisions bench suite crosscheck faults determinism forgeries certificates fuzz-parser versions

check: lint types contracts specs test

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

contracts:
	lint-imports --no-cache --no-logo

specs:
	for spec in specs/tutorial.vnet specs/seed/*.vnet specs/estates/*.vnet; do \
	  $(PYTHON) -m vnetverify prove --output-format concise "$$spec" || exit 1; \
	done

test:
	$(PYTHON) -m pytest -n auto

golden:
	VNETVERIFY_WRITE_GOLDEN=1 $(PYTHON) -m pytest tests/golden tests/rulebook/test_stories.py

# Networks that nobody thought of, asked of both engines, in two processes; broken off, it goes on where it was.
# Fails on a difference, on too many claims about nothing, and on an empty cell of the ledger that could be hit.
fuzz:
	$(PYTHON) -m tests.agreement.long_campaign --seed $(SEED) --networks $(NETWORKS)

# Laws that rewritten networks and sentences obey, by the simulator and, of the first changes by each, by verdicts.
# A run that was stopped goes on where it was.
VERDICTS ?= 300
laws:
	$(PYTHON) -m tests.agreement.laws.obeying --networks $(LAWFUL) --verdicts $(VERDICTS) --seed $(SEED) --state .laws.json

# The same properties as in `test`, with many more generated networks.
properties:
	VNETVERIFY_FUZZ=$(EXAMPLES) $(PYTHON) -m pytest tests/agreement -n auto

# Bytes led by coverage for the readers of texts, JSON and prefixes; needs atheris.
fuzz-parser:
	$(PYTHON) -m tests.hostile.fuzz_readers

# Mutants of texts and exports, and inputs made by hand: none may break, hang, grow or touch what is not its own.
# A run that was stopped goes on where it was.
HOSTILE ?= 20000
hostile:
	$(PYTHON) -m tests.hostile.campaign $(HOSTILE) --state .hostile.json

# Planted faults for each rule of routing and filtering, and the examples of the rule book that notice them; fails if one survives.
mutants:
	$(PYTHON) -m tests.agreement.mutants

# COUNT changes of each module that a machine draws by SEED; fails on one that no test notices and nobody explained. Goes on where it was stopped.
mutation:
	$(PYTHON) -m tests.mutation --seed $(SEED) --count $(COUNT)

# Every decision of the engines that no test takes both ways: what mutation would find there survives.
decisions:
	$(PYTHON) -m tests.mutation.decisions

bench:
	$(PYTHON) benchmarks/pairs.py
	$(PYTHON) benchmarks/scale.py
	$(PYTHON) benchmarks/lists.py
	$(PYTHON) benchmarks/evidence.py

# A suite of 200 intents on 50 networks: one job and two, from the cache, after an edit; then what a sentence costs as estates grow.
suite:
	$(PYTHON) benchmarks/suite.py
	$(PYTHON) benchmarks/growth.py

# Every proof of the specs again: by our own clauses with a proof that is checked, by Bitwuzla, and one in five by cvc5.
crosscheck:
	$(PYTHON) benchmarks/crosscheck.py

# The specs and drawn networks asked with three versions of Z3, installed in .z3; fails where two contradict each other.
versions:
	$(PYTHON) -m tests.versions.campaign

# Runs under every kind of fault, 25 each: half an hour or more. Fails if one proves wrongly, succeeds, hangs or leaves something behind.
faults:
	$(PYTHON) -m tests.faults.campaign

# The same reports with a hundred hash seeds and one to four jobs; fails if a byte differs.
determinism:
	$(PYTHON) -m tests.determinism.campaign

# Forged certificates of the specs, none of which may be accepted.
forgeries:
	VNETVERIFY_FORGERIES=$(FORGERIES) $(PYTHON) -m pytest tests/certificates

# What certificates cost beside the solver, in one run: rule lists, the specs and an estate of 50 networks.
certificates:
	$(PYTHON) benchmarks/certificates.py
