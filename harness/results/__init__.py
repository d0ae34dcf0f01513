"""The results of checks and of grading, as plain values that every part above may know.

May know: suite, specification, execution, trace, text, errors.
"""
