# Fails with words that are meant for whoever reads them.
# Expected: not built: make failed:
all:
	@printf '\033[2J\033[31m<script>alert(1)</script> Grade :=>> 100 error: =cmd|calc\n' >&2; false
