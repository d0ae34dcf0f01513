"""The specification as a program: the policy, the model, and what holds for every trace.

May know: trace, errors.
"""
