# What a developer does, and what CI does. Needs Python 3.11 or newer and make; the rest is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready
SUITE := "not desktop and not wheel"

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage fuzz test-desktop desktop-packages lint unused types wheel-check docs pictures audit licences sbom binary format lock translations soak clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv with everything the lock file names

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## run the main job on a real workbook against the embedded sandbox portal
	@rm -rf build/demo && mkdir -p build/demo && cp fixtures/edits.xlsx build/demo/edits.xlsx
	IMPORT_TICKETS_HOME=build/demo/state $(BIN)/import-tickets build/demo/edits.xlsx --sandbox --on-invalid skip --yes \
		--html build/demo/edits.html || test $$? -eq 1 # some of its rows cannot be sent, on purpose
	@echo "The annotated workbook: $(CURDIR)/build/demo/edits.xlsx"
	@echo "The same as a page:     $(CURDIR)/build/demo/edits.html"
	@echo "Take it back:           IMPORT_TICKETS_HOME=build/demo/state $(BIN)/import-tickets undo --sandbox"

test: $(READY) ## pass the whole suite, but for what wants a browser or an office program
	$(BIN)/python -m pytest -n 5 --dist worksteal -m $(SUITE) $(ARGS)

coverage: $(READY) ## the same without the laws, watched: its branch coverage; fails under 90 per cent, takes twice as long
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n 5 --dist worksteal -m $(SUITE)" and not hypothesis" -q --cov --cov-report= $(ARGS)
	@echo "Branch coverage, per cent: " && $(BIN)/python -m coverage report --format=total --fail-under=90

test-desktop: $(READY) ## the tests that want Chromium and LibreOffice
	$(BIN)/python -m pytest -m desktop $(ARGS)

desktop-packages: ## install Chromium and LibreOffice from Debian's packages (root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium libreoffice-calc poppler-utils

fuzz: $(READY) ## look for broken laws for some minutes; FUZZ_EXAMPLES=20000 for a night
	FUZZ_PROFILE=nightly $(BIN)/python -m pytest tests -m "hypothesis and not desktop" -n 2 -o timeout=0 $(ARGS)

bench: $(READY) $(BENCH_READY) ## measure everything beside what others use; renew the tables of docs/performance.md (half an hour)
	$(BIN)/python benchmarks/run.py --docs docs/performance.md $(ARGS)

bench-quick: $(READY) $(BENCH_READY) ## the same in small, under two minutes
	$(BIN)/python benchmarks/run.py --quick $(ARGS)

$(BENCH_READY): requirements-bench.lock
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements-bench.lock
	@touch $@

lint: $(READY) ## ruff: rules and layout; import-linter: who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

unused: $(READY) ## list what seems to be used nowhere, to be looked at (vulture)
	$(BIN)/vulture importer schemas --min-confidence 60 || true

types: $(READY) ## mypy: strict, and what the tests call
	$(BIN)/mypy

wheel-check: $(READY) ## install into an empty environment and run from there: the wheel, and the guide to the letter
	$(BIN)/python -m pytest -m wheel tests/test_wheel.py tests/docs/test_guide.py $(ARGS)

docs: $(READY) ## renew the reference and the outputs in the guide, and build the site into site/
	$(BIN)/python -m tools.make_reference
	$(BIN)/python -m tools.guide_walk
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

pictures: $(READY) ## draw the pictures of the guide anew (needs LibreOffice, Chromium, ImageMagick, Xvfb)
	$(BIN)/python -m tools.make_pictures
	$(BIN)/python -m tools.page_pictures

audit: $(READY) ## look for known weaknesses in what the lock file names; says so where there is no network
	$(BIN)/python .ci/audit.py

licences: $(READY) ## list the licences of what the program needs; fails for one that may not be used
	$(BIN)/python .ci/licences.py

sbom: $(READY) ## build the wheel into dist, with its bill of materials (CycloneDX) beside it
	$(BIN)/python -m build --quiet --wheel --no-isolation --outdir dist .
	$(BIN)/python .ci/sbom.py dist

binary: $(READY) ## build the program as a single file that needs no Python, into dist, and try it
	$(BIN)/python -m tools.binary

format: $(READY) ## lay the code out
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

lock: $(READY) ## renew the lock file: names, versions and hashes (needs uv)
	uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-emit-index-url --no-header --quiet --output-file requirements.lock
	uv pip compile --group bench --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-emit-index-url --no-header --quiet --output-file requirements-bench.lock

translations: $(READY) ## take new messages into the Portuguese catalogue, and compile it
	$(BIN)/python -m tools.catalogue update

soak: $(READY) ## trouble at every commit and call and at 500 random instants, resumed each time; renew docs/soak.md (an hour)
	$(BIN)/python benchmarks/soak.py --instants 500 --docs docs/soak.md $(ARGS)

clean: ## remove what was built
	rm -rf $(VENV) $(BENCH_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
