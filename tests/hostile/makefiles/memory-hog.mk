# Takes all the memory it can get.
all:
	text=x; while :; do text=$$text$$text; done
