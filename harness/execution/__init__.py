"""Running programs that nobody trusts, and building libraries: processes, sandboxes, workers.

May know: trace, text, errors.
"""
