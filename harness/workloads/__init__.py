"""Playing recorded workloads through allocators, for their speed and their use of memory.

May know: execution, text, errors.
"""
