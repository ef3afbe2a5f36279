# Everything here needs only make and Python 3.11 or newer: the environment builds itself in .venv.
PYTHON ?= python3
VENV := .venv
NEXT := .venv-next
BIN := $(VENV)/bin
PEERS := .venv-peers
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
.DEFAULT_GOAL := help

.PHONY: help install dev demo test test-next check format bench peers growth pages quality profiles weights lock readme
help:  ## say what each target does
	@awk -F ':.*##' '/^[a-z-]+:.*##/ { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.runtime  ## build .venv, so that .venv/bin/tamis runs
dev: $(VENV)/.dev  ## the same, with what tests and checks need

# --no-deps: the locked file names every package, and an old pip then has nothing to resolve (or to miss).
# The extras cld2 and fast are among them, since they only make it better; a plain `pip install` does
# without.
# The constraints lock what builds the package too; pip knows them once the first line has renewed it.
# Asks for pip, since a Debian without python3-venv leaves a .venv behind that has a Python and no pip.
$(VENV)/.runtime: requirements.txt pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) --no-deps --require-hashes -r requirements.txt
	$(PIP) --no-deps --build-constraint requirements.txt --build-constraint requirements-dev.txt --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(PIP) --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

demo: install  ## crawl the bundled sites, publish and serve them (DEMO_ARGS=--no-serve: only print the summary)
	@$(BIN)/tamis demo $(DEMO_ARGS)

test: dev  ## run every test (TEST_ARGS='-m "not slow"' for the quick ones)
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(TEST_ARGS)

# Of the locked packages, only those that Datasette 1.0 has otherwise are installed: over the others,
# which it finds where they are. Of tests, those that start Datasette, but for what README.md says.
$(NEXT)/.built: requirements-next.txt $(VENV)/.dev
	$(BIN)/python -m venv --clear --without-pip $(NEXT)
	@printf '%s\n' "$(CURDIR)" "$$($(BIN)/python -c '$(PLACE)')" >"$$($(NEXT)/bin/python -c '$(PLACE)')/locked.pth"
	$(BIN)/python -m pip --python $(NEXT)/bin/python --disable-pip-version-check install --quiet \
	  --no-deps --require-hashes -r requirements-next.txt
	@touch $@
PLACE := import sysconfig; print(sysconfig.get_path("purelib"))

test-next: $(NEXT)/.built  ## the site's tests on an alpha of Datasette 1.0
	@$(NEXT)/bin/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(TEST_ARGS) \
	  $$(grep -lE '^from (browsing|crawler.serving) import' tests/test_*.py | grep -v readme)

check: dev  ## lint, format, types, imports: what CI checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tamis sources check

format: dev  ## mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: dev  ## pages a second, CPU and memory, step by step, beside plain Trafilatura (BENCH_ARGS='--pages FOLDER --peers PYTHON'); tests/million.py makes a million articles to publish
	@$(BIN)/python tests/bench.py $(BENCH_ARGS)
	@$(BIN)/python tests/paired.py

peers: $(PEERS)/.installed dev  ## the same, beside other collectors, which live in .venv-peers
	@$(BIN)/python tests/bench.py --peers $(PEERS)/bin/python $(BENCH_ARGS)

$(PEERS)/.installed: tests/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet -r tests/peers.txt
	@touch $@

growth: $(PEERS)/.installed dev  ## what 1,000, 10,000 and 100,000 articles cost, and so a million: twenty minutes (GROWTH_ARGS)
	@$(BIN)/python tests/growth.py --words $$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') $(GROWTH_ARGS)

pages: dev  ## CPU time of each kind of page of the site (NEWS=published database, as of tests/million.py)
	@$(BIN)/python tests/bench_site.py $(NEWS)

quality: dev  ## how well pages are read, languages known and texts tagged, with floors (CORPORA=folder of public sets, QUALITY_ARGS, TAGGING_ARGS)
	@$(BIN)/python tests/quality.py --golden --unseen --by-site --plain --languages $(if $(CORPORA),--corpora $(CORPORA)) $(QUALITY_ARGS)
	@$(BIN)/python tests/tagging.py --embed $(if $(CORPORA),--corpora $(CORPORA)) $(TAGGING_ARGS)

profiles: dev  ## build langdetect's extra profiles from open text (TEXT=folder of LANGUAGE.jsonl.gz)
	@$(BIN)/python -m enrich.profiles $(TEXT)

weights: dev  ## learn the weights of themes (CORPORA=folder of public sets, WEIGHTS_ARGS='--vectors FILE.npz')
	@$(BIN)/python tests/learn.py $(CORPORA) $(WEIGHTS_ARGS)

readme: dev  ## paste real output into README.md
	@$(BIN)/python tests/readme.py

lock: dev  ## lock every package with hashes, for every platform and Python from 3.11 on
	$(PIP) uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --extra cld2 --extra fast --custom-compile-command "make lock" pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --group dev --constraint requirements.txt --output-file requirements-dev.txt
	sed -n '/^datasette==/d; s/^\([a-z].*\) \\$$/\1/p' requirements.txt requirements-dev.txt | $(BIN)/uv pip compile \
	  --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --prerelease if-necessary-or-explicit --group next --constraint - \
	  --output-file requirements-next.txt
