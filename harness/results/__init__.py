"""What comes out of a check or a grading, as plain values that every part above may know.

May know: suite, specification, execution, trace, text, errors.
"""
