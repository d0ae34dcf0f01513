# Takes much memory in each of several processes, none of which takes too much by itself.
# Expected: not built: make used more than 512 MiB of memory
all:
	for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero bs=100M count=1 | sleep 1000 & done; wait
