/* The states of a heap, put together from the lives of its blocks and mappings. */
"use strict";
/* exported HEAP, Heap, largest */

const HEAP = 0; // stands for the heap where mappings have their numbers
const BETWEEN_FRAMES = 1000; // calls between two lists of what is alive
const PAGE = 4096;

/** What begins with a call and ends with another, in the order in which it begins. */
class Lives {
  constructor(columns, calls) {
    Object.assign(this, columns);
    this.count = columns.last.length;
    this.first = new Uint32Array(this.count); // the call that it begins with
    this.until = new Uint32Array(this.count); // the call after which it is gone
    this.starts = new Uint32Array(calls + 2); // the first life that begins with each call, or later
    let at = 0;
    for (let call = 1; call <= calls; call++) {
      this.starts[call] = at;
      for (const end = at + columns.begin[call - 1]; at < end; at++) {
        this.first[at] = call;
        this.until[at] = columns.last[at] ? call + columns.last[at] : calls + 1;
      }
    }
    this.starts[calls + 1] = at;
    this.frames = [[]];
  }

  /** Those that are alive after a call, by their numbers. */
  aliveAfter(call) {
    const frame = Math.floor(call / BETWEEN_FRAMES);
    while (this.frames.length <= frame) {
      const last = this.frames.length - 1;
      this.frames.push(this.from(last, (last + 1) * BETWEEN_FRAMES));
    }
    return this.from(frame, call);
  }

  from(frame, call) {
    const alive = this.frames[frame].filter((life) => this.until[life] > call);
    for (let life = this.starts[frame * BETWEEN_FRAMES + 1]; life < this.starts[call + 1]; life++) {
      if (this.until[life] > call) {
        alive.push(life);
      }
    }
    return alive;
  }

  /** The sum of a measure after each call, of what is alive then. */
  total(calls, measure) {
    const sums = new Float64Array(calls + 2);
    for (let life = 0; life < this.count; life++) {
      const value = measure(life);
      sums[this.first[life]] += value;
      sums[this.until[life]] -= value;
    }
    for (let call = 1; call <= calls; call++) {
      sums[call] += sums[call - 1];
    }
    return sums;
  }
}

/** The heap of one side, call by call. */
class Heap {
  constructor({ title, header, done, ends, grown, blocks, mappings }) {
    this.title = title;
    this.header = header;
    this.done = done;
    this.grown = grown;
    this.ends = ends;
    this.calls = ends.length;
    this.blocks = new Lives(blocks, this.calls);
    this.mappings = new Lives(mappings, this.calls);
    this.most = largest(ends);
  }

  get isExact() {
    return this.header > 0;
  }

  /** How many calls of this side are done after so many pairs. */
  callsAfter(pairs) {
    if (pairs === 0) {
      return 0;
    }
    return this.done ? this.done[pairs - 1] : pairs;
  }

  /** The state after so many pairs of calls. */
  stateAfter(pairs) {
    const call = this.callsAfter(pairs);
    const { mapping, offset, size, use, ago, first } = this.blocks;
    return {
      end: call ? this.ends[call - 1] : 0,
      grown: call ? this.grown[call - 1] : 0,
      blocks: this.blocks.aliveAfter(call).map((life) => ({
        mapping: mapping[life],
        offset: offset[life],
        size: size[life],
        use: use[life],
        call: first[life] - ago[life],
      })),
      mappings: this.mappings.aliveAfter(call).map((life) => ({
        number: this.mappings.number[life],
        length: this.mappings.length[life],
      })),
    };
  }

  /** The size of the heap, the bytes in use and the share that is not, after each call. */
  get figures() {
    this.known = this.known || this.measure();
    return this.known;
  }

  measure() {
    const { blocks, mappings, calls } = this;
    const heap = new Float64Array(calls + 1);
    heap.set(this.ends, 1);
    const inUse = blocks.total(calls, (life) => blocks.use[life] === 0 ? blocks.size[life] : 0);
    const mapped = mappings.total(calls, (life) => Math.ceil(mappings.length[life] / PAGE) * PAGE);
    const wasted = heap.map((size, call) => {
      const held = Math.max(size + mapped[call], inUse[call]);
      return held && 1 - inUse[call] / held;
    });
    return { heap, inUse: inUse.subarray(0, calls + 1), wasted };
  }
}

/** The largest of many numbers; 0 if there are none. */
function largest(numbers) {
  let most = 0;
  for (let at = 0; at < numbers.length; at++) {
    most = Math.max(most, numbers[at]);
  }
  return most;
}
