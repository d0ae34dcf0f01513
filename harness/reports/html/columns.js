/* The data of a page: columns of numbers; harness/reports/html_heap.py describes and writes it. */
"use strict";
/* exported unpack */

const TYPES = { B: Uint8Array, I: Uint32Array, d: Float64Array };

/** Read the data of a heap over time: base64, gzip, a header in JSON, and columns. */
async function unpack(text) {
  const packed = atob(text.trim());
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at++) {
    bytes[at] = packed.charCodeAt(at);
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = await new Response(stream).arrayBuffer();
  const start = 4 + new DataView(content).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, start - 4)));
  const body = content.slice(start);
  const column = ([type, first, count]) => new TYPES[type](body, first, count);
  const columns = (lives) =>
    Object.fromEntries(Object.entries(lives).map(([name, place]) => [name, column(place)]));
  return {
    phases: header.phases,
    pairs: header.lines[2],
    lines: column(header.lines),
    marks: column(header.marks),
    texts: new Texts(column(header.texts)),
    sides: header.sides.map((side) => ({
      title: side.title,
      header: side.header,
      done: side.done && column(side.done),
      ends: column(side.ends),
      grown: column(side.grown),
      blocks: columns(side.blocks),
      mappings: columns(side.mappings),
    })),
  };
}

/** The texts of calls, decoded one at a time. */
class Texts {
  constructor(bytes) {
    this.bytes = bytes;
    this.starts = null;
  }

  /** The text of the expected call of a pair (side 0), or of the found one (side 1). */
  of(pair, side) {
    const text = this.read(2 * pair + side);
    return side === 1 && text === "=" ? this.read(2 * pair) : text;
  }

  read(number) {
    if (!this.starts) {
      this.starts = [];
      for (let at = 0; at >= 0; at = this.bytes.indexOf(0, at + 1)) {
        this.starts.push(at + 1);
      }
      this.starts.push(this.bytes.length + 1);
    }
    const { starts } = this;
    return new TextDecoder().decode(this.bytes.subarray(starts[number], starts[number + 1] - 1));
  }
}
