# Everything a newcomer needs: `make demo`, `make test`, `make lab`. Each does its own set-up in .venv.
# Needs GNU make and Python 3.11 or newer with its venv module; nothing else, and no Node.
#
#   make demo PYTHON=python3.12        another interpreter for the environment
#   make demo XAUTOLM_DEMO_BUDGET=2m   a shorter search
#   make test PYTEST_ARGS="tests/space -x"
#   make reproduce ONLY="02 04"        some of the paper's notebooks; KEEP=1 reads the kept tables, SMOKE=1 is a short run

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST_ARGS ?=
LAB_ARGS    ?=
ONLY        ?=

# The JupyterLab bundle is committed. Installing never rebuilds it, so Node is neither needed nor waited for.
export SKIP_JUPYTER_BUILDER := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help venv demo test browser postgres fuzz chaos soak ipykernel lab-version notebook-version check audit format lab \
        notebooks reproduce labextension jest wheel wheel-check clean distclean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(STAMP) ## Create .venv and install the package with all extras a developer needs

# The set-up runs again when a dependency or the version changes.
$(STAMP): pyproject.toml labextension/package.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than 3.11. Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "creating $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV); } || { \
	  rm -rf $(VENV); \
	  echo "Python's venv module does not work here. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --editable ".[test]"
	@touch $@

demo: $(STAMP) ## Search, end to end: runs notebooks/00_quickstart.ipynb with live progress (about 10 minutes, 2 cores)
	$(BIN)/python notebooks/run_demo.py

test: $(STAMP) browser postgres ## Run the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# What pip cannot bring. Where it may not be installed, the browser tests skip and say so.
browser:
	@command -v chromium >/dev/null || test -n "$$XAUTOLM_CHROMIUM" || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  echo "installing chromium for the browser tests" && apt-get install -qq -y chromium >/dev/null; } || \
	  { apt-get update -qq 2>/dev/null && apt-get install -qq -y chromium >/dev/null; } || \
	  echo "no chromium: the browser tests will skip (Debian and Ubuntu: sudo apt install chromium)"

# The server is only installed; the tests start one of their own in a temporary folder and stop it.
postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo "installing PostgreSQL for the tests of the team store" && \
	  { apt-get install -qq -y postgresql >/dev/null 2>&1 || \
	    { apt-get update -qq 2>/dev/null && apt-get install -qq -y postgresql >/dev/null; }; }; } || \
	  echo "no PostgreSQL server: its tests will skip (Debian and Ubuntu: sudo apt install postgresql)"

CASES ?= 1000000
FUZZ_ARGS ?=
fuzz: $(STAMP) ## Try a million changed inputs on importers, request, wire protocol and space: make fuzz CASES=100000
	PYTHONPATH=tests $(BIN)/python -m fuzz --cases $(CASES) --processes $$(nproc) $(FUZZ_ARGS)

# Everything that is started, filled or mounted here is taken back; a second call goes on where the first was cut off.
FAULTS ?= 200
SEED   ?= 0
chaos: $(STAMP) ## Kill, stop, starve and fill the disks of searches: 200 faults, nothing lost (15 to 20 minutes)
	PYTHONPATH=tests OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m chaos --faults $(FAULTS) --seed $(SEED) \
	  --json build/chaos-$(FAULTS)-$(SEED).json

SOAK_SECONDS ?= 3600
soak: $(STAMP) ## An hour of search with a fault every 20 s, weighed (SOAK_SECONDS=300: a short one)
	PYTHONPATH=tests OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m chaos soak --seconds $(SOAK_SECONDS) \
	  --fault-every 20 --json build/soak-$(SOAK_SECONDS).json

IPYKERNEL ?= 6.31.0
ipykernel: $(STAMP) ## Run the notebook tests on another ipykernel: make ipykernel IPYKERNEL=6.31.0
	$(BIN)/python -m pip install --quiet --upgrade --no-deps --target build/ipykernel-$(IPYKERNEL) ipykernel==$(IPYKERNEL)
	XAUTOLM_IPYKERNEL=$(CURDIR)/build/ipykernel-$(IPYKERNEL) $(BIN)/python -m pytest tests/jupyter $(PYTEST_ARGS)

LAB ?= 4.0.0
lab-version: $(STAMP) browser build/lab-$(LAB)/bin/jupyter-lab ## Run the browser tests on another JupyterLab: make lab-version LAB=4.0.0
	XAUTOLM_LAB=$(CURDIR)/build/lab-$(LAB)/bin/python $(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

build/lab-%/bin/jupyter-lab:
	$(PYTHON) -m venv build/lab-$*
	build/lab-$*/bin/python -m pip install --quiet jupyterlab==$* jupyterlab_widgets

NOTEBOOK ?= 7.6.5
notebook-version: $(STAMP) browser build/notebook-$(NOTEBOOK)/bin/jupyter-notebook ## Run the panel in Notebook 7: make notebook-version NOTEBOOK=7.6.5
	XAUTOLM_LAB=$(CURDIR)/build/notebook-$(NOTEBOOK)/bin/python $(BIN)/python -m pytest tests/browser/test_notebook.py $(PYTEST_ARGS)

build/notebook-%/bin/jupyter-notebook:
	$(PYTHON) -m venv build/notebook-$*
	build/notebook-$*/bin/python -m pip install --quiet notebook==$* jupyterlab_widgets

check: $(STAMP) ## Lint (with the security rules of bandit), format, types, layers, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory audit

audit: $(STAMP) build/audit/pip_audit ## Ask the vulnerability database of PyPI about the installed packages (needs the network)
	$(BIN)/python -m pip freeze --exclude-editable > build/audit/installed.txt
	PYTHONPATH=build/audit $(BIN)/python tests/audit.py build/audit/installed.txt

build/audit/pip_audit:
	$(BIN)/python -m pip install --quiet --target build/audit pip-audit

format: $(STAMP) ## Let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lab: $(STAMP) ## Open JupyterLab on the quickstart
	$(BIN)/jupyter lab $(LAB_ARGS) notebooks/00_quickstart.ipynb

notebooks: $(STAMP) ## Write each .ipynb anew from its paired .py; outputs of cells that did not change stay
	$(BIN)/jupytext --to ipynb --update notebooks/[0-9]*.py

reproduce: $(STAMP) ## Run the paper's notebooks in full and rewrite their figures and tables (SMOKE=1: a short run)
	$(BIN)/python notebooks/reproduce.py $(ONLY)

labextension: $(STAMP) ## Rebuild the JupyterLab bundle (needs Node 20 or newer)
	cd labextension && PATH="$(abspath $(BIN)):$$PATH" jlpm install && PATH="$(abspath $(BIN)):$$PATH" jlpm build:prod

jest: $(STAMP) ## Test the JupyterLab side (needs Node 20 or newer)
	cd labextension && PATH="$(abspath $(BIN)):$$PATH" jlpm install && PATH="$(abspath $(BIN)):$$PATH" jlpm test

wheel: $(STAMP) ## Build wheel and sdist into dist/
	rm -rf dist
	$(BIN)/python -m build

# PATH holds the new environment alone, so that no Node can help.
CLEAN := $(CURDIR)/build/wheel-check
wheel-check: wheel ## Install the wheel into a clean environment without Node; JupyterLab must list the extension as enabled
	rm -rf $(CLEAN)
	$(PYTHON) -m venv $(CLEAN)
	PATH=$(CLEAN)/bin $(CLEAN)/bin/python -m pip install --quiet dist/*.whl
	PATH=$(CLEAN)/bin $(CLEAN)/bin/jupyter labextension list 2>&1 | tee $(CLEAN)/listed
	@grep -E 'xautolm-nb v.*enabled.*OK' $(CLEAN)/listed >/dev/null || { echo "JupyterLab does not list the extension"; exit 1; }

clean: ## Remove what building and running left behind
	rm -rf build dist demo-output labextension/lib .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path "./$(VENV)/*" -not -path "./labextension/node_modules/*" -prune -exec rm -rf {} +

distclean: clean ## Remove the environment and node_modules as well
	rm -rf $(VENV) labextension/node_modules labextension/.yarn
