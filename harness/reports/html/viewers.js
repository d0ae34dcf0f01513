/* The viewers of a page, of which it may have many. */
"use strict";
/* global Viewer, unpack */

const places = [...document.querySelectorAll("[data-heap]")];
const made = new Set();

async function show(place) {
  if (made.has(place)) {
    return;
  }
  made.add(place);
  const data = await unpack(place.querySelector("script").textContent);
  const root = document.getElementById("viewer").content.firstElementChild.cloneNode(true);
  place.append(root);
  new Viewer(root, data);
}

/** Make what is near the window at once, and the rest when there is time: for print, and for links. */
async function showAll() {
  const idle = window.requestIdleCallback || setTimeout;
  for (const place of places) {
    await new Promise((go) => idle(go));
    await show(place);
  }
}

const near = new IntersectionObserver((entries) => {
  entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => show(target));
}, { rootMargin: "400px" });
places.forEach((place) => near.observe(place));
showAll();
