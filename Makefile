# The project's commands; 'make help' lists them.

PYTHON := /usr/bin/python3
SRC ?= src
# Of libraries for real programs; src/Makefile compiles faster for checks.
CFLAGS ?= -O2 -g
export SRC SUBMISSIONS OUT RELEASE

.DEFAULT_GOAL := build

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## Build the allocator: src/libosmem.so and src/libosmem-preload.so
	@$(MAKE) --no-print-directory -C src all CFLAGS="$(CFLAGS)"

.PHONY: install
install: ## Install the libraries, the header and the manual pages; PREFIX=/usr/local DESTDIR=
	@$(MAKE) --no-print-directory -C src install CFLAGS="$(CFLAGS)"

.PHONY: check
check: ## Check the allocator in src, or in another SRC=folder; TESTS="name name", ARGS="-v ..."
	@tools/install-packages check
	@$(PYTHON) checker.py check --src "$$SRC" $(ARGS) $(TESTS)

.PHONY: grade
grade: ## Grade a folder of submissions; SUBMISSIONS=folder OUT=folder ARGS="--fresh ..."
	@tools/install-packages check grade
	@$(PYTHON) checker.py grade "$${SUBMISSIONS:?is not set: make grade SUBMISSIONS=folder OUT=folder}" \
		--out "$${OUT:?is not set: make grade SUBMISSIONS=folder OUT=folder}" $(ARGS)

.PHONY: kit
kit: ## Write what students get, without any solution; OUT=folder ARGS="--suite FILE"
	@tools/install-packages check course
	@$(PYTHON) checker.py kit "$${OUT:?is not set: make kit OUT=folder}" $(ARGS)

.PHONY: audit
audit: ## Grade a folder five times, also under load, and compare; SUBMISSIONS=folder ARGS="--count 10 ..."
	@tools/install-packages check grade
	@$(PYTHON) tools/compare_gradings.py $${SUBMISSIONS:+--submissions "$$SUBMISSIONS"} $(ARGS)

.PHONY: test
test: ## Run the project's own tests; ARGS="tests/harness -k name ..."
	@tools/install-packages check grade course test trace bench programs similar
	@$(PYTHON) -m pytest -n auto --dist loadgroup -m "not slow" $(ARGS)

.PHONY: test-long
test-long: ## Run all of the project's own tests, the slow ones too; ARGS as for test
	@tools/install-packages check grade course test trace bench programs similar
	@$(PYTHON) -m pytest -n auto --dist loadgroup --hypothesis-profile=long $(ARGS)

.PHONY: matrix
matrix: ## Show what each planted mistake costs; ARGS="'realloc-*' --csv FILE --json FILE"
	@tools/install-packages check
	@$(PYTHON) checker.py matrix $(ARGS)

.PHONY: diagnosis
diagnosis: ## Make the tables of what known mistakes leave in each test, after any of them changes
	@tools/install-packages check
	@$(PYTHON) checker.py known-mistakes
	@$(PYTHON) checker.py known-mistakes --suite tests/classic.toml

.PHONY: evening
evening: ## Make the pictures of docs/an-evening-with-osmem.md, after pages or reports change
	@tools/install-packages check programs
	@$(PYTHON) tools/evening.py build/evening --pictures docs/pictures

.PHONY: test-debian
test-debian: ## Try both commands and grading on a bare Debian; RELEASE=trixie ARGS=--quick
	@tools/install-packages check grade debian
	@tools/test-debian "$${RELEASE:?is not set: make test-debian RELEASE=trixie}" $(ARGS)

.PHONY: test-kernel
test-kernel: ## Try sandboxes and control groups on the kernel of a Debian; RELEASE=bookworm
	@tools/install-packages check grade debian kernel
	@tools/test-kernel "$${RELEASE:?is not set: make test-kernel RELEASE=bookworm}"

.PHONY: test-docker
test-docker: ## Build the Docker image, and compare grades in it and outside; RELEASE=bookworm
	@tools/install-packages check grade debian docker
	@tools/test-docker "$${RELEASE:?is not set: make test-docker RELEASE=bookworm}"

.PHONY: bench
bench: ## Measure everything, and print it in Markdown; ARGS="--json FILE check tracing ..."
	@tools/install-packages check trace bench
	@$(PYTHON) bench/all.py $(ARGS)

.PHONY: bench-check
bench-check: ## Measure how long 'make check' takes; ARGS="--hostile --beside COMMIT --json FILE"
	@tools/install-packages check
	@$(PYTHON) bench/check.py $(ARGS)

.PHONY: bench-grade
bench-grade: ## Measure how long 'make grade' takes; ARGS="--count 10 --count 40 --json FILE"
	@tools/install-packages check grade
	@$(PYTHON) bench/grade.py $(ARGS)

.PHONY: bench-scale
bench-scale: ## Measure how 'grade --dask' scales, with workers that sleep; ARGS="--workers 8 --json FILE"
	@tools/install-packages check grade programs
	@$(PYTHON) bench/scale.py $(ARGS)

.PHONY: bench-pages
bench-pages: ## Measure the pages for a browser: of a long trace, and others; ARGS="page.html ... --json FILE"
	@tools/install-packages check programs
	@$(PYTHON) bench/pages.py $(ARGS)

.PHONY: bench-diagnosis
bench-diagnosis: ## Measure which of the planted mistakes are named; ARGS="--json FILE"
	@tools/install-packages check bench
	@$(PYTHON) bench/diagnosis.py $(ARGS)

.PHONY: lint
lint: ## Check the layout, the types and the style of all code
	@tools/install-packages check grade course test lint
	clang-format --dry-run --Werror $$(git ls-files '*.[ch]')
	gcc -fsyntax-only -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -Iutils src/*.c # each on its own
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
		-D_GNU_SOURCE -Iutils src utils replayer harness/execution/confine
	$(PYTHON) -m black --quiet --check checker.py harness kit tests bench tools
	$(PYTHON) -m flake8 checker.py harness kit tests bench tools
	$(PYTHON) -m mypy
	NODE_PATH=/usr/share/nodejs eslint --format unix harness/reports/html
	shellcheck -x platforms/*/* tools/install-packages tools/test-debian tools/test-docker \
		tools/test-kernel tests/kernel/run .ci/run

.PHONY: clean
clean: ## Remove everything that was built
	@$(MAKE) --no-print-directory -C src clean
	rm -rf build
