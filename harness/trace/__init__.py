"""The canonical trace: events in machine addresses become calls that read the same on every run.

May know: text, errors.
"""
