"""Unpacking a submission: nothing is written but its sources, and within limits.

May know: execution, text, errors.
"""
