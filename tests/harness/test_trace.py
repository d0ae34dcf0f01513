"""The text of a trace gives the same trace again, and errors in it name the line."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.trace.trace import (
    FLAGS,
    NULL,
    PROTECTION,
    UNKNOWN,
    Address,
    Call,
    End,
    How,
    Request,
    Trace,
)
from harness.trace.text import TraceError, read_trace

_numbers = st.integers(0, 2**64 - 1)
_addresses = st.builds(Address, _numbers, st.none() | st.integers(1, 99))
_pointers = _addresses | st.just(NULL) | st.just(UNKNOWN)
_requests = st.one_of(
    st.builds(lambda n, r: Request("sbrk", (n,), r), st.integers(), _addresses | st.just(-1)),
    st.builds(
        lambda n, r: Request("mmap", (NULL, n, PROTECTION, FLAGS, -1, 0), r), _numbers, _addresses
    ),
    st.builds(lambda a, n, r: Request("munmap", (a, n), r), _pointers, _numbers, st.just(0)),
)
_some_requests = st.lists(_requests, max_size=3).map(lambda requests: tuple(requests))
_calls = st.one_of(
    st.builds(lambda n, r, q: Call("os_malloc", (n,), r, q), _numbers, _pointers, _some_requests),
    st.builds(lambda p, q: Call("os_free", (p,), None, q), _pointers, _some_requests),
    st.builds(
        lambda p, n, q: Call("os_realloc", (p, n), None, q, finished=False),
        _pointers,
        _numbers,
        _some_requests,
    ),
)
_ends = st.one_of(
    st.builds(lambda status: End(How.EXIT, status), st.integers(0, 255)),
    st.just(End(How.KILLED, "SIGSEGV")),
    st.just(End(How.KILLED, "SIGSEGV", "os_realloc(heap+0x20, 10)")),
    st.just(End(How.EXEC, "", "os_malloc(1)")),
    st.just(End(How.CUT_SHORT)),
    st.just(End(How.EXIT, 0, untraced=1)),
    st.just(End(How.EXIT, 3, "os_realloc(heap+0x20, 10)", untraced=12)),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.builds(lambda calls, end: Trace(tuple(calls), end), st.lists(_calls), _ends))
def test_the_text_gives_the_same_trace_again(trace: Trace) -> None:
    assert read_trace(trace.text().splitlines(), "text") == trace


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("os_malloc(10) = heap+0x20\n", "t:2"),
        ("os_malloc(10) = 0x5555\nexit 0\n", "t:1"),
        ("", "t:1"),
        ("exit 0\nexit 0\n", "t:2"),
        ("  sbrk(10) = heap+0x0\nexit 0\n", "t:1"),
        ("os_malloc(10 = heap+0x20\nexit 0\n", "t:1"),
        ("os_malloc(ten) = heap+0x20\nexit 0\n", "t:1"),
        ("os_malloc(10) = heap+20\nexit 0\n", "t:1"),
        ("os_malloc(10) = map0+0x20\nexit 0\n", "t:1"),
        ("os_maloc(10) = heap+0x20\nexit 0\n", "t:1"),
        ("os_malloc() = heap+0x20\nexit 0\n", "t:1"),
        ("os_malloc(heap+0x20) = heap+0x20\nexit 0\n", "t:1"),
        ("os_free(32)\nexit 0\n", "t:1"),
        ("exit\n", "t:1"),
        ("\n", "t:1"),
    ],
)
def test_an_error_names_the_line(text: str, line: str) -> None:
    with pytest.raises(TraceError) as error:
        read_trace(text.splitlines(keepends=True), "t")
    assert str(error.value).startswith(f"{line}: ")
    assert "expected" in str(error.value) and "found" in str(error.value)
