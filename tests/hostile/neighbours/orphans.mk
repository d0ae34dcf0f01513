# Leaves many processes behind that have no parent and never end, and waits.
# Expected: not built: make used more than 6 s of processor time
all:
	for i in $$(seq 34); do (setsid sh -c 'while :; do :; done' &) ; done; while :; do sleep 1; done
