"""Grading many submissions: unpack each, build it, test it, look at its style, keep its grade.

May know: reports, diagnosis, checking, tracers, results, suite, specification, execution, trace,
text, errors.
"""

import sys

# With greenlet, SQLAlchemy loads asyncio, which takes 4 MiB and a tenth of a second. Only drivers
# that nothing here uses need it.
sys.modules.setdefault("greenlet", None)  # type: ignore[arg-type]
