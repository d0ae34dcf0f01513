/* The map of a whole run: calls go down, addresses across. */
"use strict";
/* global Canvas, HEAP */
/* exported drawMap */

const MAP = 260; // the height of a map

/**
 * Paint the lives of a heap's blocks pixel by pixel, free ones first: a block in use is never hidden.
 * However many there are, each costs what it takes to see it.
 */
function drawMap(element, heap, pairs, view) {
  const canvas = new Canvas(element, MAP);
  const image = canvas.ink.createImageData(element.width, element.height);
  const picture = {
    pixels: new Uint32Array(image.data.buffer),
    width: image.width,
    from: view.from,
    across: image.width / (view.to - view.from),
    y: rowsOfCalls(heap, pairs, image.height),
  };
  picture.pixels.fill(inBytes(canvas.colour("page")));
  paintGround(picture, heap, image.height, inBytes(canvas.colour(heap.isExact ? "other" : "unknown")));
  const [used, free, hatch] = ["used", "free", "hatch"].map((name) => inBytes(canvas.colour(name)));
  for (const [use, colour, hatching] of [[2, free, hatch], [1, free, free], [0, used, used]]) {
    for (let life = 0; life < heap.blocks.count; life++) {
      if (heap.blocks.use[life] === use && heap.blocks.mapping[life] === HEAP) {
        paintLife(picture, heap.blocks, life, colour, hatching);
      }
    }
  }
  canvas.ink.putImageData(image, 0, 0);
}

function paintGround({ pixels, width, from, across, y }, heap, height, colour) {
  for (let call = 1; call <= heap.calls; call++) {
    const end = Math.min(Math.max(Math.floor((heap.ends[call - 1] - from) * across), 0), width);
    for (let row = y[call - 1]; row < (call < heap.calls ? y[call] : height); row++) {
      pixels.fill(colour, row * width, row * width + end);
    }
  }
}

/** Paint a rectangle of one pixel or more, hatched with another colour. */
function paintLife({ pixels, width, from, across, y }, lives, life, colour, hatching) {
  const offset = lives.offset[life] - from;
  const start = Math.floor(offset * across);
  const left = Math.max(start, 0);
  const right = Math.min(Math.max(Math.floor((offset + lives.size[life]) * across), start + 1), width);
  const top = y[lives.first[life] - 1];
  const bottom = Math.max(y[lives.until[life] - 1], top + 1);
  for (let row = top; row < bottom && left < right; row++) {
    if (colour === hatching) {
      pixels.fill(colour, row * width + left, row * width + right);
    } else {
      for (let column = left; column < right; column++) {
        pixels[row * width + column] = (row + column) % 8 < 3 ? hatching : colour;
      }
    }
  }
}

/** The row that each call of a side begins in; beyond the last call, the end. */
function rowsOfCalls(heap, pairs, height) {
  const rows = new Uint32Array(heap.calls + 1).fill(height);
  for (let pair = pairs; pair > 0; pair--) {
    const call = heap.callsAfter(pair);
    if (call > 0) {
      rows[call - 1] = Math.floor((pair - 1) * height / pairs);
    }
  }
  return rows;
}

/** A colour such as #2f6fb7, as the bytes of a pixel. */
function inBytes(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return new Uint32Array(new Uint8Array([red, green, blue, 255]).buffer)[0];
}
