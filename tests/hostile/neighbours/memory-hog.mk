# Takes all the memory it can get.
# Expected: not built: make failed:
all:
	text=x; while :; do text=$$text$$text; done
