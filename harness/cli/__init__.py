"""The command line: arguments in, exit status out, and no logic of its own.

May know: grading, reports, diagnosis, checking, workloads, tracers, results, suite, specification,
execution, trace, text, errors.
"""
