/* The viewer: a heap over time, with its controls. */
"use strict";
/* global Heap, drawStrip, drawChart, drawMap, blockAt, View */
/* global describe, whereAfter, callsBefore, listOfBlocks, titleOf, stateInWords, rangeInWords */
/* global grouped, say */
/* exported Viewer */

const TICK = 300; // milliseconds between two steps while playing
const SIZES = [
  { of: (figures) => figures.heap, colour: "grown" },
  { of: (figures) => figures.inUse, colour: "used" },
];
const FRAGMENTATION = [{ of: (figures) => figures.wasted, colour: "mapping" }];

class Viewer {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.pairs = data.pairs;
    this.heaps = data.sides.map((side) => new Heap(side));
    this.differing = [];
    data.marks.forEach((mark, at) => mark === 1 && this.differing.push(at + 1));
    this.view = new View(this.heaps, data.phases);
    this.chosen = [];
    this.timer = 0;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.build();
    this.jump(this.differing[0] || this.pairs);
    // What takes longest is drawn when the strips can be seen already.
    setTimeout(() => this.drawOverview());
  }

  // ---- Building ----------------------------------------------------------------------------------

  build() {
    this.slider = this.part("slider");
    this.slider.max = this.pairs;
    this.slider.addEventListener("input", () => this.jump(Number(this.slider.value)));
    const actions = {
      first: () => this.jump(0),
      back: () => this.jump(this.at - 1),
      play: () => this.play(),
      forward: () => this.jump(this.at + 1),
      last: () => this.jump(this.pairs),
      difference: () => this.nextDifference(),
      closer: () => this.zoom(1 / 2),
      wider: () => this.zoom(2),
    };
    for (const [name, action] of Object.entries(actions)) {
      this.part(name).addEventListener("click", action);
    }
    this.part("difference").disabled = this.differing.length === 0;
    this.strips = this.heaps.map((heap) => this.addSide(heap, "strip"));
    this.maps = this.heaps.map((heap) => this.addSide(heap, "map"));
    this.strips.forEach((strip, side) => this.watch(strip, side));
    for (const drawing of [...this.maps, this.part("sizes"), this.part("fragmentation")]) {
      drawing.addEventListener("click", (event) => this.pick(event));
    }
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.part("list").addEventListener("toggle", () => this.list());
    const redraw = () => {
      this.draw();
      this.drawOverview();
    };
    new ResizeObserver(() => this.width !== this.root.clientWidth && redraw()).observe(this.root);
    for (const query of ["(prefers-color-scheme: dark)", "print"]) {
      matchMedia(query).addEventListener("change", redraw);
    }
  }

  addSide(heap, kind) {
    const figure = document.getElementById(kind).content.firstElementChild.cloneNode(true);
    const canvas = figure.querySelector("canvas");
    const { title } = heap;
    const caption = heap.isExact ? title : say("{title} (inferred from the trace)", { title });
    figure.querySelector("figcaption").prepend(caption);
    const label = kind === "strip" ? say("Strip of the heap") : say("Map of the heap");
    canvas.setAttribute("aria-label", `${label}: ${title}`);
    this.part(`${kind}s`).append(figure);
    return canvas;
  }

  watch(strip, side) {
    const point = (event) => {
      this.choose(side, blockAt(strip, event, this.states[side], this.view.of(side)));
    };
    strip.addEventListener("pointermove", point);
    strip.addEventListener("pointerdown", point);
    strip.addEventListener("keydown", (event) => this.walk(side, event));
  }

  // ---- Going from call to call -------------------------------------------------------------------

  jump(pairs) {
    this.at = Math.min(Math.max(pairs, 0), this.pairs);
    this.states = this.heaps.map((heap) => heap.stateAfter(this.at));
    this.chosen = [];
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", say("after call {n} of {m}", { n: this.at, m: this.pairs }));
    // Drawing comes first: it reads sizes, which takes long once something has changed.
    this.draw();
    this.tell();
    this.list();
    this.moveCursors();
  }

  nextDifference() {
    this.jump(this.differing.find((at) => at > this.at) || this.differing[0]);
  }

  play() {
    const playing = this.timer === 0;
    clearInterval(this.timer);
    this.timer = 0;
    if (playing) {
      this.jump(this.at === this.pairs ? 0 : this.at);
      const tick = () => this.at < this.pairs ? this.jump(this.at + 1) : this.play();
      this.timer = setInterval(tick, TICK);
    }
    this.part("play").textContent = playing ? say("Pause") : say("Play");
    this.part("play").setAttribute("aria-pressed", playing);
  }

  zoom(factor) {
    const side = this.chosen.findIndex((block) => block && block.mapping === 0);
    this.view.zoom(factor, this.chosen[side], side);
    this.draw();
    this.drawOverview();
  }

  key(event) {
    if (event.target !== this.slider && event.target.tagName === "INPUT") {
      return;
    }
    const keys = {
      n: () => this.nextDifference(),
      p: () => this.play(),
      "+": () => this.zoom(1 / 2),
      "-": () => this.zoom(2),
    };
    if (event.target !== this.slider) {
      Object.assign(keys, {
        ArrowLeft: () => this.jump(this.at - 1),
        ArrowRight: () => this.jump(this.at + 1),
        Home: () => this.jump(0),
        End: () => this.jump(this.pairs),
      });
    }
    if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      keys[event.key]();
    }
  }

  /** Go to the call that was clicked on, in a chart or a map. */
  pick(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const down = event.currentTarget.dataset.down !== undefined;
    const across = (event.clientX - box.left) / box.width;
    const share = down ? (event.clientY - box.top) / box.height : across;
    this.jump(Math.round(share * this.pairs));
  }

  // ---- Telling -----------------------------------------------------------------------------------

  tell() {
    this.part("where").textContent = whereAfter(this.data, this.at);
    this.part("calls").replaceChildren(...callsBefore(this.data, this.at));
  }

  choose(side, block) {
    this.chosen = [];
    this.chosen[side] = block;
    this.draw();
    this.part("block").textContent = block ? `${this.heaps[side].title}, ${this.words(side, block)}` : "";
  }

  words(side, block) {
    return describe(block, (call) => this.lineOf(side, call));
  }

  lineOf(side, call) {
    const { done } = this.heaps[side];
    return this.data.lines[done ? done.indexOf(call) : call - 1] || 0;
  }

  sorted(side) {
    return [...this.states[side].blocks].sort((a, b) => a.mapping - b.mapping || a.offset - b.offset);
  }

  /** Go to the block above or below, from a strip that has the focus. */
  walk(side, event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const blocks = this.sorted(side);
    if (step && blocks.length) {
      event.preventDefault();
      const at = blocks.indexOf(this.chosen[side]);
      this.choose(side, blocks[at < 0 ? 0 : Math.min(Math.max(at + step, 0), blocks.length - 1)]);
    }
  }

  list() {
    if (!this.part("list").open) {
      return;
    }
    this.part("blocks").replaceChildren(...this.heaps.flatMap((_, side) => this.listed(side)));
  }

  listed(side) {
    const blocks = this.sorted(side);
    return listOfBlocks(titleOf(this.heaps[side], blocks.length, this.states[side].end),
      blocks.map((block) => this.words(side, block)));
  }

  // ---- Drawing -----------------------------------------------------------------------------------

  draw() {
    this.width = this.root.clientWidth;
    this.strips.forEach((strip, side) => {
      drawStrip(strip, this.states[side], this.heaps[side], this.view.of(side), this.chosen[side]);
    });
    this.strips.forEach((strip, side) => {
      strip.nextElementSibling.querySelector("output").textContent = `: ${stateInWords(this.states[side])}`;
    });
    this.part("range").textContent = rangeInWords(this.heaps.map((_, side) => this.view.of(side)));
  }

  drawOverview() {
    this.maps.forEach((map, side) => drawMap(map, this.heaps[side], this.pairs, this.view.of(side)));
    const most = drawChart(this.part("sizes"), this.heaps, this.pairs, SIZES);
    const worst = drawChart(this.part("fragmentation"), this.heaps, this.pairs, FRAGMENTATION);
    this.part("most").textContent = say("up to {n} bytes", { n: grouped(Math.round(most)) });
    this.part("worst").textContent = say("up to {n} %", { n: Math.round(100 * worst) });
    this.moveCursors();
  }

  moveCursors() {
    const share = `${100 * this.at / Math.max(this.pairs, 1)}%`;
    this.root.querySelectorAll(".cursor").forEach((cursor) => {
      cursor.style[cursor.classList.contains("across") ? "top" : "left"] = share;
    });
  }
}
