/* The part of the heaps that is shown. */
"use strict";
/* global HEAP */
/* exported View */

const SMALLEST = 256; // bytes

/**
 * Addresses are those of the first heap. The others are shifted so that the first blocks of the set-up
 * lie below each other: a heap without preallocation begins with what another has far behind.
 */
class View {
  /** Show where something is in use from the first phase on, with a margin. */
  constructor(heaps, phases) {
    const start = phases.length ? phases[0][0] : 0;
    const used = heaps.map((heap) => usedSince(heap, heap.callsAfter(start)));
    const first = used[0] && used[0].first;
    this.shifts = used.map((its) => its && used[0] ? its.first - first : 0);
    this.low = Math.min(...this.shifts.map((shift) => -shift));
    this.high = Math.max(this.low + SMALLEST, ...heaps.map((heap, side) => heap.most - this.shifts[side]));
    this.mappings = heaps.some((heap) => heap.mappings.count > 0);
    this.show(this.low, this.high);
    const shifted = (side, address) => address - this.shifts[side];
    const lowest = Math.min(...used.map((its, side) => its ? shifted(side, its.lowest) : Infinity));
    const highest = Math.max(...used.map((its, side) => its ? shifted(side, its.highest) : 0));
    if (lowest < highest) {
      const margin = Math.max((highest - lowest) / 20, SMALLEST / 4);
      this.show(lowest - margin, highest + margin);
    }
  }

  /** The part that is shown of a side, in its own addresses. */
  of(side) {
    const shift = this.shifts[side];
    return { from: this.from + shift, to: this.to + shift, mappings: this.mappings };
  }

  /** Show what lies between two addresses, as far as a heap ever had memory there. */
  show(from, to) {
    this.from = Math.max(from, this.low);
    this.to = Math.min(Math.max(to, this.from + SMALLEST), this.high);
    this.from = Math.min(this.from, this.to - SMALLEST);
  }

  /** Show more or less: around a block of a side, if one is chosen. */
  zoom(factor, chosen, side) {
    const middle = chosen ? chosen.offset + chosen.size / 2 - this.shifts[side] : (this.from + this.to) / 2;
    const half = Math.max((this.to - this.from) * factor, SMALLEST) / 2;
    this.show(middle - half, middle + half);
  }
}

/** Where the first block of the heap lies that is in use after some calls, and where all of them. */
function usedSince({ blocks }, calls) {
  let found = null;
  for (let life = blocks.starts[calls + 1]; life < blocks.count; life++) {
    if (blocks.use[life] === 0 && blocks.mapping[life] === HEAP) {
      const offset = blocks.offset[life];
      found = found || { first: offset, lowest: offset, highest: 0 };
      found.lowest = Math.min(found.lowest, offset);
      found.highest = Math.max(found.highest, offset + blocks.size[life]);
    }
  }
  return found;
}
