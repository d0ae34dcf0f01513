# Never ends.
all:
	while :; do :; done
