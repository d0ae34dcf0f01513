"""Unpacking a submission, within limits: nothing but its sources is written.

May know: execution, text, errors.
"""
