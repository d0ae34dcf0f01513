# Starts as many processes as it can, which do the same.
# Expected: not built: make
all:
	bomb() { bomb | bomb & }; bomb; exec sleep 1000
