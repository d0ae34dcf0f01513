"""The specification as a program: the policy, the model, and the invariants of every trace.

May know: trace, errors.
"""
