"""The outputs, one file each: results in, text out.

May know: checking, workloads, results, suite, specification, execution, trace, text, errors.
"""
