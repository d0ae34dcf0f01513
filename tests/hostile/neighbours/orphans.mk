# Leaves many processes behind that have no parent and never end, and waits.
# Expected: not built: make used more than 6 s of processor time
all:
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
	  (setsid sh -c 'while :; do :; done' &) ; done; while :; do sleep 1; done
