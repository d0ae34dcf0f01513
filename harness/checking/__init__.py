"""Checking one library against one suite: build, run, judge.

May know: tracers, results, suite, specification, execution, trace, text, whole_file, errors.
"""
