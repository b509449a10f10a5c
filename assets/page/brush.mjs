/* The brush over the figure: a ring that shows where and how large it is, led by a mouse, a pen, a finger or the arrow keys, and what
   it has painted so far, which shows at once. While it is on, the pointer does not move the photo; the wheel still zooms. */
import { ARROWS } from "./keys.mjs";

const STEP = 0.5; // of the ring's radius, for an arrow key; with Shift four times as much

const frame = () => document.getElementById("overlay");
const ring = () => document.getElementById("brush-ring");
const painting = () => document.getElementById("painting");
const photoBox = () => frame().querySelector(".imagelayer image").getBoundingClientRect();
const clamp = (share) => Math.min(1, Math.max(0, share));

let on = false;
let radius = 0.06; // in shares of the photo's long side
let at = [0.5, 0.5]; // in shares of the photo's sides
let held = false; // whether the space bar paints, rather than a pointer
let stroke = null; // while one is being painted: {points, radius}
let told = () => {}; // what to call with a stroke, and whether it is at its end

export function turn(is) {
  on = is;
  at = [0.5, 0.5];
  stroke = null;
  place();
}

export function setSize(diameter) {
  radius = diameter / 2;
  place();
}

/* The ring and the canvas, over the photo as it lies on the screen now. */
function place() {
  if (!on) return;
  const box = photoBox(), outer = ring().parentElement.getBoundingClientRect(), side = 2 * radius * Math.max(box.width, box.height);
  Object.assign(ring().style, {
    width: `${side}px`, height: `${side}px`,
    left: `${box.left - outer.left + at[0] * box.width - side / 2}px`, top: `${box.top - outer.top + at[1] * box.height - side / 2}px`,
  });
  const seen = frame().querySelector(".nsewdrag").getBoundingClientRect(); // a photo that is zoomed into is larger than that
  Object.assign(painting().style, {
    width: `${box.width}px`, height: `${box.height}px`, left: `${box.left - outer.left}px`, top: `${box.top - outer.top}px`,
    clipPath: `inset(${[seen.top - box.top, box.right - seen.right, box.bottom - seen.bottom, seen.left - box.left]
      .map((cut) => `${Math.max(0, cut)}px`).join(" ")})`,
  });
}

/* Show this canvas over the photo; without one, nothing. */
export function show(canvas) {
  const shown = painting();
  Object.assign(shown, { width: canvas?.width ?? 0, height: canvas?.height ?? 0 });
  if (canvas) shown.getContext("2d").drawImage(canvas, 0, 0);
  place();
}

function lead({ clientX, clientY }) {
  const box = photoBox();
  at = [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
}

function begin(bySpace) {
  held = bySpace;
  stroke = { points: [at], radius };
  told(stroke, false);
}

function go() {
  place();
  if (!stroke) return;
  stroke.points.push(at);
  told(stroke, false);
}

function end() {
  if (!stroke) return;
  const done = stroke;
  stroke = null;
  told(done, true);
}

function byPointer() {
  const element = frame();
  const listen = (type, handle) => element.addEventListener(type, (event) => on && handle(event), true);
  listen("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    element.setPointerCapture(event.pointerId);
    lead(event);
    place();
    begin(false);
  });
  listen("pointermove", (event) => {
    if (!event.isPrimary) return;
    for (const step of (stroke && event.getCoalescedEvents?.()) || []) { // which browsers have on https and on this machine only
      lead(step);
      stroke.points.push(at);
    }
    lead(event);
    go();
  });
  for (const type of ["pointerup", "pointercancel"]) listen(type, end);
  /* Plotly would pan, and go back to the whole photo on the second of two dabs. */
  for (const type of ["mousedown", "touchstart"]) listen(type, (event) => event.stopPropagation());
  listen("wheel", () => requestAnimationFrame(place));
}

function byKeys() {
  ring().addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      if (!stroke) begin(true);
    } else if (ARROWS[event.key]) {
      event.preventDefault();
      const box = photoBox(), step = STEP * radius * Math.max(box.width, box.height) * (event.shiftKey ? 4 : 1);
      at = at.map((share, i) => clamp(share + (ARROWS[event.key][i] * step) / (i ? box.height : box.width)));
      go();
    }
  });
  ring().addEventListener("keyup", (event) => event.key === " " && end());
  ring().addEventListener("blur", () => held && end()); // a pointer takes the focus away, and paints on
}

/* Call `paint` with every stroke, while it grows and at its end. */
export function start(paint) {
  told = paint;
  byPointer();
  byKeys();
  frame().querySelector(".js-plotly-plot").on("plotly_afterplot", place);
}
