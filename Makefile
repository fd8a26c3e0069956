# Each target sets up what it needs in .venv, from nothing but python3 (3.11 or newer) with venv and pip.
# pip compiles nothing (half a minute for what tests need): Python does, once, what is imported.
# Stamps in .venv say what has been done; they are older than pyproject.toml or constraints.txt when it must be done again.
.PHONY: setup setup-test setup-live setup-minedojo play test check bench clean
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := agent envs memory perception skills tui
LINKS := $(PACKAGES:%=.types/groundup/%)

setup: $(VENV)/.models

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("groundup needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --no-compile --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.ready
	$(BIN)/python -m pip install -q --no-compile --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/.models: $(VENV)/.ready perception/models.py
	$(BIN)/python -m groundup.perception.models
	touch $@

# Debian packages for playing real games: a screen, a window manager, Freeciv, Minetest, recording.
LIVE := xvfb openbox freeciv-server freeciv-client-gtk3 freeciv-data minetest minetest-data x11-utils xdotool ffmpeg

setup-live: setup
	$(if $(filter 0,$(shell id -u)),,sudo )apt-get update -qq
	$(if $(filter 0,$(shell id -u)),,sudo )env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(LIVE)

# MineDojo, with packages of 2022, in an environment of its own inside of ours.
setup-minedojo: $(VENV)/minedojo/.ready

$(VENV)/minedojo/.ready: envs/minedojo_setup.py envs/minedojo_pins.txt | $(VENV)/.ready
	$(BIN)/python -m groundup.envs.minedojo_setup
	touch $@

# 600 steps; ends after 2.5 minutes on a slow machine, with everything kept.
play: setup
	mkdir -p out
	rm -f out/spire.db out/spire.db*
	$(BIN)/groundup play spire --steps 600 --seed 0 --minutes 2.5 --library out/spire.db --out out

# One file of tests more at a time than there are cores, up to four: many wait, for windows, games and processes.
WORKERS = $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')

setup-test: $(VENV)/.dev setup

test: setup-test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev $(LINKS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES:%=-p groundup.%)
	$(BIN)/lint-imports
	$(BIN)/pre-commit validate-config

bench: setup
	$(BIN)/groundup bench library --sizes 10000,100000
	$(BIN)/groundup bench perception
	$(BIN)/groundup bench spire --learn 1000 --runs 10 --seeds 0:5

# Type checkers find the packages by these links: setuptools' mapping of folders is unknown to them.
.types/groundup/%:
	mkdir -p .types/groundup
	ln -sfn ../../$* $@

clean:
	rm -rf $(VENV) .types out build dist groundup.egg-info
