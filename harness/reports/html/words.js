/* What the drawings show, in words: for everybody, and for screen readers. */
"use strict";
/* global HEAP */
/* exported describe, whereAfter, callsBefore, listOfBlocks, titleOf, stateInWords, rangeInWords */

const LISTED = 200; // blocks that are listed
const WORDS = JSON.parse(document.getElementById("words").textContent);

/** A text in the language of the page, which has a translation of each text that is said here. */
function say(text, values = {}) {
  return (WORDS[text] || text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A number with its digits grouped: 131,072. */
function grouped(number) {
  return number.toLocaleString(document.documentElement.lang);
}

function bytesInWords(number) {
  return number === 1 ? say("1 byte") : say("{n} bytes", { n: grouped(number) });
}

function blocksInWords(number) {
  return number === 1 ? say("1 block") : say("{n} blocks", { n: grouped(number) });
}

function mappingsInWords(number) {
  return number === 1 ? say("1 mapping") : say("{n} mappings", { n: grouped(number) });
}

function inHeap(address) {
  return `heap+0x${Math.round(address).toString(16)}`;
}

function lineInWords(line) {
  return line ? say("line {n}", { n: line }) : "";
}

/** A block in words; `lineOf` returns the line of the test program that made a call. */
function describe({ mapping, offset, size, use, call }, lineOf) {
  const place = mapping === HEAP ? inHeap(offset) : `map${mapping}+0x${offset.toString(16)}`;
  const uses = [say("in use"), say("free"), say("free (inferred)")];
  const made = use === 0 ? say("allocated by call {n} of the program", { n: call })
    : say("left by call {n} of the program", { n: call });
  const words = [bytesInWords(size), uses[use], made, lineInWords(lineOf(call))];
  return `${place}: ${words.filter(Boolean).join(", ")}`;
}

/** What is shown after so many pairs of calls. */
function whereAfter(data, pairs) {
  const [line, mark] = pairs ? [data.lines[pairs - 1], data.marks[pairs - 1]] : [0, 0];
  const phase = data.phases.filter(([start]) => start < pairs).pop();
  const part = phase && say("call {n} of the {phase}", { n: pairs - phase[0], phase: phase[1] });
  const difference = ["", say("differs"), say("differs, but is not judged")][mark];
  const words = [say("Call {n} of {m}", { n: pairs, m: data.pairs }), part, lineInWords(line), difference];
  return words.filter(Boolean).join(", ");
}

/** The last pair of calls, as elements: a call for each side. */
function callsBefore(data, pairs) {
  const mark = pairs ? data.marks[pairs - 1] : 0;
  const both = pairs ? [0, 1].map((side) => data.texts.of(pairs - 1, side)) : ["", ""];
  const texts = data.sides.length === 1 ? [both[1]] : both;
  const width = Math.max(...data.sides.map(({ title }) => title.length));
  return texts.map((text, side) => {
    const line = document.createElement("pre");
    const title = data.sides.length > 1 ? `${data.sides[side].title.padEnd(width)} ` : "";
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
  const blocks = blocksInWords(count);
  const listed = count > LISTED ? say("{blocks}, of which {n} are listed", { blocks, n: LISTED }) : blocks;
  return `${heap.title}: ${listed}; ${say("the heap ends at {end}", { end: inHeap(end) })}`;
}

function stateInWords({ blocks, mappings, end, grown }) {
  const used = blocks.filter((block) => block.use === 0).length;
  const words = [
    used === 1 ? say("1 block in use") : say("{n} blocks in use", { n: grouped(used) }),
    mappings.length ? mappingsInWords(mappings.length) : "",
    say("the heap has {bytes}", { bytes: bytesInWords(end) }),
    grown ? say("{n} of them new", { n: grouped(grown) }) : "",
  ];
  return words.filter(Boolean).join(", ");
}

/** What is shown of each heap, said once if it is the same. */
function rangeInWords(views) {
  const place = (address) => inHeap(Math.max(address, 0));
  const range = ({ from, to }) => say("{a} to {b}", { a: place(from), b: place(to) });
  const [first, second = first] = views.map(range);
  return first === second ? say("Shown: {range}", { range: first })
    : say("Shown: {range} above, {other} below", { range: first, other: second });
}
