"""Playing workloads through allocators, side by side."""
