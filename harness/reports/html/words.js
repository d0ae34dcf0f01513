/* What the drawings show, in words: for everybody, and for screen readers. */
"use strict";
/* global USES, HEAP */
/* exported describe, whereAfter, callsBefore, listOfBlocks, titleOf, stateInWords, rangeInWords */

const LISTED = 200; // blocks that are listed
const DIFFERENCES = ["", "differs", "differs, but is not judged"];

/** A number with its digits grouped: 131,072. */
function grouped(number) {
  return number.toLocaleString("en");
}

function inHeap(address) {
  return `heap+0x${Math.round(address).toString(16)}`;
}

/** A block in words; `lineOf` returns the line of the test program that made a call. */
function describe(block, lineOf) {
  const { mapping, offset } = block;
  const place = mapping === HEAP ? inHeap(offset) : `map${mapping}+0x${offset.toString(16)}`;
  const line = lineOf(block.call);
  const made = `${block.use === 0 ? "allocated" : "left"} by call ${block.call} of the program`;
  const words = [counted(block.size, "byte"), USES[block.use], made, line && `line ${line}`];
  return `${place}: ${words.filter(Boolean).join(", ")}`;
}

/** What is shown after so many pairs of calls. */
function whereAfter(data, pairs) {
  const [line, mark] = pairs ? [data.lines[pairs - 1], data.marks[pairs - 1]] : [0, 0];
  const phase = data.phases.filter(([start]) => start < pairs).pop();
  const part = phase && `call ${pairs - phase[0]} of the ${phase[1]}`;
  const words = [`Call ${pairs} of ${data.pairs}`, part, line && `line ${line}`, DIFFERENCES[mark]];
  return words.filter(Boolean).join(", ");
}

/** The last pair of calls, as elements: a call for each side. */
function callsBefore(data, pairs) {
  const mark = pairs ? data.marks[pairs - 1] : 0;
  const both = pairs ? [0, 1].map((side) => data.texts.of(pairs - 1, side)) : ["", ""];
  const texts = data.sides.length === 1 ? [both[1]] : both;
  return texts.map((text, side) => {
    const line = document.createElement("pre");
    const title = data.sides.length > 1 ? `${data.sides[side].title.padEnd(9)} ` : "";
    line.textContent = title + (text || "-").replace(/\n/g, `\n${" ".repeat(title.length)}`);
    line.className = ["", "differs", "other"][mark];
    return line;
  });
}

/** A list of blocks, as elements. */
function listOfBlocks(title, blocks) {
  const heading = document.createElement("p");
  heading.textContent = title;
  const list = document.createElement("ul");
  list.append(...blocks.slice(0, LISTED).map((block) => {
    const item = document.createElement("li");
    item.textContent = block;
    return item;
  }));
  return [heading, list];
}

function titleOf(heap, count, end) {
  const shown = count > LISTED ? `, of which ${LISTED} are listed` : "";
  return `${heap.title}: ${counted(count, "block")}${shown}; the heap ends at ${inHeap(end)}`;
}

function stateInWords({ blocks, mappings, end, grown }) {
  const growth = grown ? `, ${grouped(grown)} of them new` : "";
  const used = blocks.filter((block) => block.use === 0).length;
  const mapped = mappings.length ? `, ${counted(mappings.length, "mapping")}` : "";
  return `${counted(used, "block")} in use${mapped}, the heap has ${counted(end, "byte")}${growth}`;
}

function counted(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** What is shown of each heap, said once if it is the same. */
function rangeInWords(views) {
  const place = (address) => inHeap(Math.max(address, 0));
  const ranges = views.map(({ from, to }) => `${place(from)} to ${place(to)}`);
  const [first, second = first] = ranges;
  return first === second ? `Shown: ${first}` : `Shown: ${first} above, ${second} below`;
}
