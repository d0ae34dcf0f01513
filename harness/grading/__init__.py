"""Grading many submissions: unpack each, build it, test it, look at its style, keep its grade.

May know: reports, diagnosis, checking, tracers, results, suite, specification, execution, trace,
text, errors.
"""
