"""The outputs, one file each: results in, text out.

May know: checking, workloads, results, suite, heap, specification, execution, trace, text,
whole_file, errors.
"""
