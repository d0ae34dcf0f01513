"""What is certain about failed tests that no known mistakes explain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.diagnosis.free_space import unused_space
from harness.diagnosis.sizes import observed_header, observed_sizes
from harness.results.diagnosis import Observation
from harness.results.alike import group_alike
from harness.results.verdict import Outcome, Verdict
from harness.specification.policy import Policy

_LEAST_ALIKE = 3


def observe(verdicts: Sequence[Verdict], policy: Policy) -> tuple[Observation, ...]:
    """Return what the traces of failed tests prove: first what they have in common."""
    traces = {v.test.name: v.found for v in verdicts if v.found is not None}
    common = list(observed_sizes(traces, policy))
    header = observed_header(traces.values(), policy)
    unused = _one_for_each_rule(filter(None, (unused_space(v, policy, header) for v in verdicts)))
    return (*common, *unused, *_ended_alike(verdicts))


def _ended_alike(verdicts: Sequence[Verdict]) -> Iterator[Observation]:
    """Yield how runs went wrong that went wrong alike."""
    ended = [verdict for verdict in verdicts if verdict.outcome is not Outcome.DIFFERS]
    for alike in group_alike(ended):
        if len(alike) >= _LEAST_ALIKE:
            names = tuple(verdict.test.name for verdict in alike)
            sentence = f"{len(alike)} tests went wrong alike: {alike[0].reason}"
            yield Observation(sentence, "", names)


def _one_for_each_rule(observations: Iterable[Observation]) -> list[Observation]:
    """Return the first observation on each rule, with the tests of all of them."""
    first: dict[str, Observation] = {}
    for each in observations:
        earlier = first.setdefault(each.rule, each)
        if earlier is not each:
            tests = (*earlier.tests, *each.tests)
            first[each.rule] = Observation(earlier.sentence, earlier.rule, tests)
    return list(first.values())
