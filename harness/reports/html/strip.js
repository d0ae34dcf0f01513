/* Drawing a heap as a strip of addresses, and its mappings below. */
"use strict";
/* global HEAP */
/* exported Canvas, drawStrip, blockAt */

const BAR = 40; // the height of the heap's strip
const MAPPINGS = 16; // and of the row of mappings

/** A canvas in CSS pixels, cleared, with the colours of the page. */
class Canvas {
  constructor(element, height) {
    const scale = window.devicePixelRatio || 1;
    this.width = element.clientWidth;
    this.height = height;
    this.ink = element.getContext("2d");
    const [width, rows] = [Math.round(this.width * scale), Math.round(height * scale)];
    // Setting a size has the page laid out again, even if it stays the same.
    if (element.width !== width || element.height !== rows) {
      element.width = width;
      element.height = rows;
      element.style.height = `${height}px`;
    }
    this.ink.setTransform(scale, 0, 0, scale, 0, 0);
    this.ink.clearRect(0, 0, this.width, height);
    const style = getComputedStyle(document.documentElement);
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim();
  }

  rectangle(colour, x, y, width, height) {
    this.ink.fillStyle = colour;
    this.ink.fillRect(x, y, width, height);
  }

  /** A hatching, for what is inferred. */
  hatched(colour, ground) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const ink = tile.getContext("2d");
    ink.fillStyle = ground;
    ink.fillRect(0, 0, 8, 8);
    ink.strokeStyle = colour;
    ink.lineWidth = 2;
    ink.beginPath();
    for (const at of [-8, 0, 8]) {
      ink.moveTo(at, 8);
      ink.lineTo(at + 8, 0);
    }
    ink.stroke();
    return this.ink.createPattern(tile, "repeat");
  }

  /** The fills of blocks, by their use. */
  fills() {
    const free = this.colour("free");
    return [this.colour("used"), free, this.hatched(this.colour("hatch"), free)];
  }
}

/** Draw a state; `view` is the part of the heap to show: {from, to, mappings}. */
function drawStrip(element, state, heap, view, chosen) {
  const canvas = new Canvas(element, BAR + (view.mappings ? MAPPINGS + 6 : 0));
  const scale = canvas.width / (view.to - view.from);
  const x = (address) => (address - view.from) * scale;
  const bar = (fill, from, to, top = 0, bottom = BAR) =>
    canvas.rectangle(fill, x(from), top, Math.max((to - from) * scale, 1), bottom - top);
  const unknown = canvas.hatched(canvas.colour("line"), canvas.colour("unknown"));
  const ground = heap.isExact ? canvas.colour("other") : unknown;
  bar(canvas.colour("page"), view.from, view.to);
  bar(ground, 0, state.end);
  drawBlocks(canvas, state, heap, view, bar);
  if (state.grown > 0) {
    bar(canvas.colour("grown"), state.end - state.grown, state.end, BAR - 4);
  }
  if (chosen && chosen.mapping === HEAP) {
    canvas.ink.strokeStyle = canvas.colour("text");
    canvas.ink.lineWidth = 2;
    canvas.ink.strokeRect(x(chosen.offset), 1, Math.max(chosen.size * scale, 2), BAR - 2);
  }
  if (view.mappings) {
    drawMappings(canvas, state, chosen);
  }
}

/** Draw the blocks in view. Blocks that share a pixel with one drawn before are left out. */
function drawBlocks(canvas, state, heap, view, bar) {
  const fills = canvas.fills();
  const header = canvas.colour("header");
  const scale = canvas.width / (view.to - view.from);
  const drawn = fills.map(() => new Uint8Array(Math.ceil(canvas.width) + 1));
  for (const block of state.blocks) {
    const end = block.offset + block.size;
    if (block.mapping !== HEAP || end < view.from || block.offset > view.to) {
      continue;
    }
    const pixel = Math.max(Math.floor((block.offset - view.from) * scale), 0);
    if ((end - block.offset) * scale < 1 && drawn[block.use][pixel]) {
      continue;
    }
    drawn[block.use][pixel] = 1;
    bar(fills[block.use], block.offset, end);
    if (heap.header * scale >= 1) {
      bar(header, block.offset - heap.header, block.offset);
    } else if (block.size * scale > 3) {
      bar(header, block.offset, block.offset + 1 / scale);
    }
  }
}

function drawMappings(canvas, state, chosen) {
  const places = mappingPlaces(canvas.width, state);
  for (const { number, left, width } of places) {
    const isChosen = chosen && chosen.mapping === number;
    canvas.rectangle(canvas.colour(isChosen ? "text" : "mapping"), left, BAR + 6, width, MAPPINGS);
  }
}

/** Where each mapping is drawn: their widths go with their lengths. */
function mappingPlaces(width, state) {
  const { mappings } = state;
  const total = mappings.reduce((sum, { length }) => sum + length, 0);
  const room = Math.max(width - 3 * mappings.length, width / 2);
  let left = 0;
  return mappings.map(({ number, length }) => {
    const place = { number, left, width: Math.max(room * length / Math.max(total, 1), 1) };
    left += place.width + 3;
    return place;
  });
}

/** The block at a point of a strip; undefined if there is none. */
function blockAt(element, event, state, view) {
  const box = element.getBoundingClientRect();
  const x = event.clientX - box.left;
  const { blocks } = state;
  if (event.clientY - box.top > BAR) {
    const isHere = ({ left, width }) => x >= left && x <= left + width;
    const place = mappingPlaces(box.width, state).find(isHere);
    return place && blocks.find((block) => block.mapping === place.number);
  }
  const address = view.from + x * (view.to - view.from) / box.width;
  const near = (view.to - view.from) / box.width;
  const hits = blocks.filter((block) => block.mapping === HEAP &&
    address >= block.offset - near && address <= block.offset + Math.max(block.size, near));
  return hits.find((block) => address >= block.offset) || hits[0];
}
