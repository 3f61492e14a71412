# make bench · make sweep · make test: each sets itself up in .venv on a fresh machine.
#   make bench ARGS="--backend numpy,jax-loop --batch-size 1,1000"

PYTHON ?= python3
BIN := .venv/bin
INSTALL = $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --constraint constraints.txt

.PHONY: bench bench-cuda sweep test lint picture clean

bench: .venv/bench.stamp
	$(BIN)/pytest bench/ --benchmark-only $(ARGS)

# The race on a GPU, of all modes: some are for GPUs alone. Linux only: PyPI's torch comes with CUDA there. This environment also holds JAX's plugin for CUDA.
bench-cuda: .venv/cuda.stamp
	$(BIN)/pytest bench/ --benchmark-only --backend all --device cuda $(ARGS)

# Every problem, its gradient (a row has its ratio to the value) and its descent: so many cases that each is measured
# briefly. Of ten steps, what a descent pays once (a call, a copy of the start) weighs ten times as much as in the race.
# Of the two modes of torch's compiler that the race has by default, one: compiling takes most of the time here.
SWEPT := numpy,numpy-inplace,autograd,jax-jit,jax-loop,jax-scan,torch-optim,torch-grad,torch-compile-step

sweep: .venv/bench.stamp
	$(BIN)/pytest bench/ --benchmark-only --problem all --operator gradient,descent --device cpu --steps 10 \
		--backend $(SWEPT) --benchmark-max-time=0.1 --memory off --warm-cache off $(ARGS)

test: .venv/test.stamp
	$(BIN)/pytest tests/ --numprocesses 2 --dist worksteal --benchmark-disable $(ARGS)

lint: .venv/lint.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

# The pictures of the documents, of the run that is committed: the curves, and the page in the browser that the tests use.
picture: .venv/test.stamp
	$(BIN)/python -m report plot results/baseline.csv -o docs/step_time.png
	$(BIN)/python -m tests.picture results/baseline.csv docs/page.png docs/page_dark.png

.venv/bench.stamp: pyproject.toml constraints.txt
	$(INSTALL) '.[all,report,memory]'
	touch $@

.venv/cuda.stamp: pyproject.toml constraints.txt
	$(INSTALL) '.[all,cuda,report,test]'
	touch $@

.venv/test.stamp: pyproject.toml constraints.txt
	$(INSTALL) '.[all,test]'
	touch $@

.venv/lint.stamp: pyproject.toml constraints.txt
	$(INSTALL) '.[all,test,lint]'
	touch $@

clean:
	rm -rf .venv build *.egg-info
