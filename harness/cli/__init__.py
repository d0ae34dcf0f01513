"""The command line: arguments in, exit status out, and no logic of its own.

May know: course, variants, grading, kit, reports, diagnosis, checking, workloads, tracers,
results, suite, heap, specification, execution, trace, text, whole_file, errors.
"""
