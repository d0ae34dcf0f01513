# Says a lot.
# Expected: not built: make wrote more than 16 MiB
all:
	yes
