# Gives something for the library that reading would wait for.
# Expected: not built: make ended well but left no libosmem.so in the folder
all:
	mkfifo libosmem.so
