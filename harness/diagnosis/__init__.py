"""From traces to mistakes: which known mistakes leave just the traces that were found.

The plain implementation makes any set of known mistakes on demand. `recorder` runs the test
programs under all sets of one or two, `making` keeps digests of their traces in a table that is
shipped with the suite, and `search` looks there for the smallest set that explains all tests: the
idea of a fault dictionary, as tests of circuits have it, with pairs of faults. Three mistakes are
predicted from pairs: where one of them changes nothing beside either of the others, the trace is
that of these two. Where no set explains everything, `partial` names what is certain nevertheless.

May know: checking, results, suite, specification, execution, trace, text, errors.
"""
