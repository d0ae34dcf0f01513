"""The specification as a program: from calls to the expected canonical trace, for any policy.

Read it beside the specification. It holds no memory: a block is an address and a size. Each call
comes with the rules that decided it, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field

from harness.specification.machine import Machine
from harness.specification.policy import Policy
from harness.specification.steps import HeapBlock, State, Step
from harness.trace.trace import FLAGS, NULL, PROTECTION, Address, Call, Request, Value


class _Refused(Exception):
    """The system refused a request, or a size overflowed: the call fails with ENOMEM."""


@dataclass(slots=True, eq=False)
class _Block:
    address: int
    """The address of the payload, relative to the first break of the program."""
    size: int
    free: bool
    freed: int = 0
    """When it became free: a larger number is later."""

    @property
    def end(self) -> int:
        return self.address + self.size


@dataclass
class Model:
    """The state of an allocator.

    Its methods are the functions of the allocator; each returns the call with its requests. A
    pointer is an `Address` or ``NULL``.
    """

    policy: Policy = field(default_factory=Policy)
    refused: Container[int] = ()
    """The numbers of the requests that the system refuses, counted from 1."""
    machine: Machine = Machine()

    def __post_init__(self) -> None:
        self.header = self.machine.header_of(self.policy)
        """The size of a header."""
        self._functions: dict[str, Callable[..., Value | None]] = {
            "os_malloc": self._malloc,
            "os_calloc": self._calloc,
            "os_realloc": self._realloc,
            "os_free": self._free,
        }
        self._break = 0
        self._heap_start: int | None = None
        self._blocks: list[_Block] = []
        self._freed_count = 0
        self._taken_to = 0
        """Where the memory that was taken last ends: next fit searches on from there."""
        self._mapped: dict[int, int] = {}
        """The size of the payload of each live mapping, by its number."""
        self._mapping_count = 0
        self._request_count = 0
        self._requests: list[Request] = []
        self._why: list[str] = []

    # ---- The four functions -------------------------------------------------------------------

    def os_malloc(self, size: int) -> Step:
        return self.call("os_malloc", size)

    def os_calloc(self, nmemb: int, size: int) -> Step:
        return self.call("os_calloc", nmemb, size)

    def os_realloc(self, pointer: Value, size: int) -> Step:
        return self.call("os_realloc", pointer, size)

    def os_free(self, pointer: Value) -> Step:
        return self.call("os_free", pointer)

    def call(self, function: str, *args: Value) -> Step:
        """Call one of the functions by its name."""
        self._requests, self._why = [], []
        failed = False
        try:
            result = self._functions[function](*args)
        except _Refused as refusal:
            result, failed = NULL, True
            self._because(f"{refusal}: the call returns NULL, and nothing else changes")
        call = Call(function, args, result, tuple(self._requests))
        return Step(call, "; ".join(self._why), failed)

    def heap(self) -> list[HeapBlock]:
        """Return the blocks of the heap, by address."""
        return [HeapBlock(self._pointer(b), b.size, b.free) for b in self._blocks]

    def layout(self) -> list[tuple[int, int, bool]]:
        """Return what `heap` does in plain numbers, which takes less time: where each block lies
        from the start of the heap, its size, and whether it is free."""
        start = self._heap_start or 0
        return [(b.address - start, b.size, b.free) for b in self._blocks]

    def fitting(self, size: int) -> HeapBlock | None:
        """Return the free block that a request for ``size`` bytes would take now; None if it would
        take a new one, or merge blocks first."""
        block = self._search(size + -size % self.policy.alignment)
        return None if block is None else HeapBlock(self._pointer(block), block.size, True)

    @property
    def heap_end(self) -> int:
        """The break, relative to the start of the heap."""
        return self._break - (self._heap_start or 0)

    def state(self) -> State:
        """Return all memory as it is now."""
        mappings = {Address(self.header, n): size for n, size in self._mapped.items()}
        return State(tuple(self.heap()), self.heap_end, mappings)

    def move_break(self, increment: int) -> None:
        """Move the break as the program might, outside of the allocator."""
        self._break += increment

    def find_break(self, address: Address) -> None:
        """Raise the break to an address that the program has moved it to."""
        if self._heap_start is not None:
            self._break = max(self._break, self._heap_start + address.offset)

    def _because(self, why: str) -> None:
        self._why.append(why)

    # ---- Where a request goes -----------------------------------------------------------------

    def _malloc(self, size: int) -> Value:
        if size == 0:
            self._because("a request for 0 bytes returns NULL")
            return NULL
        return self._allocate(size, self.policy.mmap_threshold, self.policy.prealloc_malloc)

    def _calloc(self, nmemb: int, size: int) -> Value:
        if nmemb == 0 or size == 0:
            self._because("a request for 0 bytes returns NULL")
            return NULL
        if nmemb * size > self.machine.size_max:
            raise _Refused("nmemb * size overflows")
        return self._allocate(
            nmemb * size, self.policy.calloc_threshold, self.policy.prealloc_calloc
        )

    def _allocate(self, size: int, threshold: int, prealloc: int) -> Value:
        payload = self._align(size)
        if payload + self.header >= threshold:
            self._because(
                f"the total, {payload} + {self.header} bytes, reaches the threshold of"
                f" {threshold}: a mapping"
            )
            return self._map(payload)
        return self._pointer(self._take(payload, prealloc))

    def _align(self, size: int) -> int:
        payload = size + -size % self.policy.alignment
        if payload + self.header > self.machine.size_max:
            raise _Refused("the size overflows")
        return payload

    def _free(self, pointer: Value) -> None:
        if self._is_mapping(pointer):
            self._because("a mapping is returned to the system, header included")
            self._unmap(pointer)
        elif block := self._find(pointer):
            self._because("a heap block becomes free, and the break stays where it is")
            count = len(self._blocks)
            self._release(block)
            if len(self._blocks) < count:
                self._because("it counts as one with the free blocks that it touches")
            self._trim()
        else:
            self._because("freeing NULL, or a block that is free, does nothing")

    # ---- Requests to the system ---------------------------------------------------------------

    def _ask(
        self, name: str, args: tuple[Value, ...], answer: Callable[[], Value], possible: bool = True
    ) -> None:
        self._request_count += 1
        if self._request_count in self.refused or not possible:
            self._requests.append(Request(name, args, -1))
            raise _Refused(f"the system refuses {name}()")
        self._requests.append(Request(name, args, answer()))

    def _sbrk(self, increment: int) -> int:
        """Move the break by an increment, and return where it was."""
        start = self._break

        def answer() -> Value:
            if self._heap_start is None:
                self._heap_start = start
            return Address(start - self._heap_start)

        if increment > self.machine.sbrk_max:
            raise _Refused("the increment overflows")
        self._ask("sbrk", (increment,), answer)
        self._break += increment
        return start

    def _map(self, payload: int) -> Address:
        total = payload + self.header

        def answer() -> Value:
            self._mapping_count += 1
            return Address(0, self._mapping_count)

        args = (NULL, total, PROTECTION, FLAGS, -1, 0)
        self._ask("mmap", args, answer, possible=total < self.machine.address_space)
        self._mapped[self._mapping_count] = payload
        return Address(self.header, self._mapping_count)

    def _is_mapping(self, pointer: Value) -> bool:
        return isinstance(pointer, Address) and pointer.mapping in self._mapped

    def _unmap(self, pointer: Value) -> None:
        assert isinstance(pointer, Address) and pointer.mapping is not None
        total = self._mapped.pop(pointer.mapping) + self.header
        self._requests.append(Request("munmap", (Address(0, pointer.mapping), total), 0))

    # ---- The heap: a list of blocks in address order -------------------------------------------

    def _pointer(self, block: _Block) -> Address:
        assert self._heap_start is not None
        return Address(block.address - self._heap_start)

    def _find(self, pointer: Value) -> _Block | None:
        """Return the live heap block at a pointer."""
        if not isinstance(pointer, Address) or pointer.mapping or self._heap_start is None:
            return None
        address = self._heap_start + pointer.offset
        return next((b for b in self._blocks if b.address == address and not b.free), None)

    def _take(self, payload: int, prealloc: int) -> _Block:
        """Return a block of at least ``payload`` bytes, by a search or by growth."""
        if not self._blocks and prealloc > 0:
            self._because(f"the heap is empty: it first grows by {prealloc} bytes")
            self._preallocate(prealloc)
        found = self._search(payload)
        if found is None and self._merge_all():
            self._because("no free block is large enough: all that touch are merged")
            found = self._search(payload)
        if found is None:
            found = self._grow(payload)
        else:
            self._because(
                f"{self.policy.search(payload)}: {found.size} bytes at {self._pointer(found)}"
            )
            found.free = False
            self._split(found, payload)
        self._taken_to = found.address + payload
        return found

    def _search(self, payload: int) -> _Block | None:
        """Return the free block that the policy prefers among those that are large enough."""
        fitting = [b for b in self._blocks if b.free and b.size >= payload]
        return min(fitting, key=self._preference) if fitting else None

    def _preference(self, block: _Block) -> tuple[int, int]:
        """Return a key that is lowest for the block to take."""
        place = -block.freed if self.policy.order == "lifo" else block.address
        match self.policy.fit:
            case "best":
                return block.size, place
            case "worst":
                return -block.size, place
            case "next":
                return block.address < self._taken_to, place
        return 0, place

    def _padding(self) -> int:
        return -self._break % self.policy.alignment

    def _preallocate(self, size: int) -> None:
        padding = self._padding()
        start = self._sbrk(size) + padding
        usable = (size - padding) // self.policy.alignment * self.policy.alignment
        if usable >= self.header + self.policy.alignment:
            self._blocks.append(_Block(start + self.header, usable - self.header, free=False))
            self._release(self._blocks[-1])

    def _grow(self, payload: int) -> _Block:
        last = self._blocks[-1] if self._blocks else None
        if last is not None and last.free and last.end == self._break:
            self._because(
                "no free block is large enough, and the last block is free: it grows by the"
                f" {payload - last.size} bytes it lacks"
            )
            self._sbrk(payload - last.size)
            last.size, last.free = payload, False
            return last
        self._because("no free block is large enough, and none ends at the break: a new block")
        padding = self._padding()
        start = self._sbrk(padding + self.header + payload) + padding
        self._blocks.append(_Block(start + self.header, payload, free=False))
        return self._blocks[-1]

    def _split(self, block: _Block, payload: int) -> None:
        rest = block.size - payload
        if rest < self.header + self.policy.smallest_rest:
            if rest:
                self._because(f"the {rest} bytes left over can't be a block: the block stays whole")
            return
        block.size = payload
        remainder = _Block(block.end + self.header, rest - self.header, free=False)
        self._blocks.insert(self._blocks.index(block) + 1, remainder)
        self._release(remainder)
        self._because(f"the block is split: the {rest} bytes left over are a free block")

    def _release(self, block: _Block) -> None:
        """Free a block, and merge it with the free neighbours that it touches, unless that waits
        until it is needed."""
        self._freed_count += 1
        block.free, block.freed = True, self._freed_count
        if self.policy.merge == "need":
            return
        self._absorb_next(block)
        at = self._blocks.index(block)
        if at > 0 and self._blocks[at - 1].free:
            self._absorb_next(self._blocks[at - 1])

    def _merge_all(self) -> bool:
        """Merge all free blocks that touch. Return whether there were any."""
        count = len(self._blocks)
        for block in list(self._blocks):
            while block in self._blocks and block.free and self._absorb_next(block):
                pass
        return len(self._blocks) < count

    def _absorb_next(self, block: _Block) -> bool:
        at = self._blocks.index(block) + 1
        if at == len(self._blocks):
            return False
        following = self._blocks[at]
        if not following.free or following.address != block.end + self.header:
            return False
        block.size += self.header + following.size
        block.freed = max(block.freed, following.freed)
        del self._blocks[at]
        return True

    def _trim(self) -> None:
        """Return the free end of the heap to the system if the policy asks for it."""
        last = self._blocks[-1]
        total = self.header + last.size
        if not (self.policy.trim and last.free and total >= self.policy.trim):
            return
        if last.end != self._break:
            return
        self._because(f"the last block is free, and its total of {total} bytes goes back")
        try:
            self._sbrk(-total)
        except _Refused:
            return
        self._blocks.pop()

    # ---- os_realloc ---------------------------------------------------------------------------

    def _realloc(self, pointer: Value, size: int) -> Value:
        if pointer == NULL:
            return self._malloc(size)
        if size == 0:
            self._free(pointer)
            return NULL
        if self._is_mapping(pointer):
            self._because("a mapping always moves to a new block")
            moved = self._malloc(size)
            self._unmap(pointer)
            return moved
        block = self._find(pointer)
        if block is None:
            self._because("a free block can't be resized: NULL")
            return NULL
        payload = self._align(size)
        if payload + self.header >= self.policy.mmap_threshold:
            self._because("its total reaches the threshold: it moves to a mapping")
            mapped = self._map(payload)
            self._release(block)
            self._trim()
            return mapped
        resized = self._resize(block, payload)
        self._trim()
        return self._pointer(resized)

    def _resize(self, block: _Block, payload: int) -> _Block:
        if payload <= block.size:
            self._because("it shrinks or keeps its size: it keeps its address")
            self._split(block, payload)
            return block
        if block is self._blocks[-1] and block.end == self._break:
            self._because(
                f"it is the last block of the heap: it grows by {payload - block.size} bytes"
            )
            self._sbrk(payload - block.size)
            block.size = payload
            return block
        old_size = block.size
        while self._absorb_next(block):
            pass
        if block.size > old_size:
            self._because("it takes in the free memory that follows")
        if payload <= block.size:
            self._split(block, payload)
            return block
        self._because("it has no room to grow in place: it moves")
        try:
            moved = self._take(payload, 0)
        except _Refused:
            self._split(block, old_size)
            raise
        self._release(block)
        return moved


def follow(calls: Sequence[Call], policy: Policy) -> Iterator[tuple[Step, Model]]:
    """Yield the step that the specification has for each of these calls, and the model after it.

    It takes from the calls their functions and arguments, and what only the system decides: which
    requests it refused, and where the break was after the program had moved it.
    """
    counted = [r for call in calls for r in call.requests if r.name in ("sbrk", "mmap")]
    model = Model(policy, {n for n, request in enumerate(counted, 1) if request.result == -1})
    for call in calls:
        grown = (r.result for r in call.requests if r.name == "sbrk")
        if isinstance(start := next(grown, NULL), Address):
            model.find_break(start)
        yield model.call(call.function, *call.args), model


def expect(calls: Sequence[Call], policy: Policy) -> list[Step]:
    """Return the steps that the specification has for these calls; see `follow`."""
    return [step for step, _ in follow(calls, policy)]
