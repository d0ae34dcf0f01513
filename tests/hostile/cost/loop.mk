# Never ends.
# Expected: not built: make used more than 6 s of processor time
all:
	while :; do :; done
