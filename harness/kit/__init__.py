"""The kit for students: the checker, the tests and the assignment, without any solution.

`writing` gathers it, `modules` finds the parts of the checker that it needs, and `pages` makes what
students read. The folder `kit` beside `harness` has what only a kit has.

May know: diagnosis, suite, specification, execution, trace, errors.
"""
