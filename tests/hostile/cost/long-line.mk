# Fails with lines so long that a search for what varies in them, or for the names of warnings, may
# never end.
# Expected: not built: make failed: error: xxxxx
libosmem.so:
	@perl -e 'print "error: ", "x" x 400000, "\n", "error: x [-Wx," x 20000, "\n"; exit 1'
