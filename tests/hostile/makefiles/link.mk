# Gives a file of the system for the library.
all:
	ln -s /etc/passwd libosmem.so
