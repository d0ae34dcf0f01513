"""Running programs that nobody trusts: processes, sandboxes, workers, and builds of libraries.

May know: trace, text, errors.
"""
