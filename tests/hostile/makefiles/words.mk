# Fails with words that are meant for whoever reads them.
all:
	@printf '\033[2J\033[31m<script>alert(1)</script> Grade :=>> 100 error: =cmd|calc\n' >&2; false
