"""Running a program under a tracer, and reading the events that the tracer saw.

May know: execution, trace, text, errors.
"""
