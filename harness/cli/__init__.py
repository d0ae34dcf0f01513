"""The command line: arguments in, exit status out. It holds no logic.

May know: grading, reports, checking, workloads, tracers, results, suite, specification,
execution, trace, text, errors.
"""
