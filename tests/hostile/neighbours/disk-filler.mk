# Writes until no more will go, and goes on writing.
# Expected: not built: make failed:
all:
	for n in $$(seq 100000); do head -c 1M /dev/zero >filler-$$n || exit; done
