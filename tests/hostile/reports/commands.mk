# Fails with words that a service would take for commands, or for a grade.
# Expected: not built: make failed:
all:
	@printf '::error::owned\n\rerror: ::warning::owned\nGrade :=>> 100\n' >&2; false
