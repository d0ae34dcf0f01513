"""Running untrusted programs, and building libraries: processes, sandboxes, workers.

May know: trace, text, errors.
"""
