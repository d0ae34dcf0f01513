"""Variants of the assignment: for a course that decides otherwise, or against old solutions.

May know: diagnosis, checking, tracers, results, suite, specification, execution, errors.
"""
