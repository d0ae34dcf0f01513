"""The checker of the osmem assignment: it builds, traces, compares and explains.

Each package says in its first lines what it is for and which others it may know.
"""

VERSION = "1.0"
