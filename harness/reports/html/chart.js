/* The chart of a heap over the calls: its size, what is in use, and fragmentation. */
"use strict";
/* global Canvas, largest */
/* exported drawChart */

const CHART = 110; // the height of each chart

/** Draw the curves of each side, the observed ones dashed. Return the highest value. */
function drawChart(element, heaps, pairs, curves) {
  const canvas = new Canvas(element, CHART);
  const peaks = heaps.flatMap((heap) => curves.map(({ of }) => largest(of(heap.figures))));
  const most = Math.max(...peaks) || 1;
  heaps.forEach((heap, side) => {
    for (const { of, colour } of curves) {
      drawCurve(canvas, of(heap.figures), most, heap, pairs, canvas.colour(colour), side > 0);
    }
  });
  return most;
}

/** Draw the range of values in each column: a long run shows its peaks, however narrow it is drawn. */
function drawCurve(canvas, values, most, heap, pairs, colour, dashed) {
  const { ink, width } = canvas;
  const y = (value) => CHART - 2 - (CHART - 6) * value / most;
  ink.strokeStyle = colour;
  ink.lineWidth = 2;
  ink.setLineDash(dashed ? [5, 4] : []);
  ink.beginPath();
  const columns = Math.min(Math.max(pairs, 1), Math.ceil(width));
  for (let column = 0; column <= columns; column++) {
    const from = heap.callsAfter(Math.floor(column * pairs / columns));
    const to = heap.callsAfter(Math.min(Math.floor((column + 1) * pairs / columns), pairs));
    let low = values[from], high = values[from];
    for (let call = from + 1; call < to; call++) {
      low = Math.min(low, values[call]);
      high = Math.max(high, values[call]);
    }
    const x = column * width / columns;
    ink.lineTo(x, y(low));
    if (high > low) {
      ink.lineTo(x, y(high));
    }
  }
  ink.stroke();
}
