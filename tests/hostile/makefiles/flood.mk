# Says a lot.
all:
	yes
