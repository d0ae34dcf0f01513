"""Playing workloads through allocators, to measure their speed and their use of memory.

May know: execution, text, errors.
"""
