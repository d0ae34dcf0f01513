"""The heap over time: which memory was in use, free or mapped after each call of a trace.

May know: specification, trace, text, errors.

`exact` follows the specification, and knows every block. `observed` sees no further than the trace:
which memory was handed out and given back, and what the system was asked for.
"""
