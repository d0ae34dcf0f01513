"""Showing results: one file for each output, results in and text out.

May know: checking, workloads, results, suite, specification, execution, trace, text, errors.
"""
