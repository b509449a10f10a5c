/* "What if …?": paint over parts of the photo and see what the model makes of that. What was painted over is kept as parts, so they can
   be taken back and filled in another way; the edited photo is made from them and asked about like any other. */
import * as brush from "./brush.mjs";
import { set } from "./dash.mjs";
import { figure } from "./figure.mjs";
import { patch, region } from "./fill.mjs";
import { strengths } from "./heat.mjs";
import { FIELDS } from "./keys.mjs";
import { look } from "./look.mjs";
import * as panel from "./panel.mjs";
import { canvasOf, dataURL, original } from "./photo.mjs";
import * as session from "./session.mjs";

const PREVIEW = 640; // pixels of the long side of what is shown while painting
const WHOLE = Infinity; // as large as the photo is sent
const HEAT = 800; // the same of the region of the heat
const NONE = [];

let on = false;
let base = null; // the photo as it was, and promises of it as a canvas, by the length of its long side: {photo, canvases}
let state = { parts: NONE, fill: "grey" };
let past = []; // states to go back to
let growing = null; // the stroke that is being painted
let stale = false; // whether something has been painted that the model has not been asked about
let asking = null; // the promise that all of it has been answered
let answered = () => {};

const parts = () => (growing ? [...state.parts, growing] : state.parts);
const waiting = () => growing || stale || asking;

function canvas(long) {
  const { photo: { file }, canvases } = base;
  return canvases[long] ??= canvasOf(file, long).catch((error) => {
    delete canvases[long]; // the file may come back
    throw error;
  });
}

function become(next) {
  past.push(state);
  change(next);
}

const undo = () => past.length && change(past.pop());

function change(next) {
  state = next;
  tell();
  draw();
  ask();
}

const restore = () => state.parts.length && become({ ...state, parts: NONE });

export function setFill(fill) {
  if (fill === state.fill) return;
  if (state.parts.length) become({ ...state, fill });
  else state = { ...state, fill };
}

function paint(stroke, done) {
  if (!base) return;
  growing = done ? null : stroke;
  if (done) return become({ ...state, parts: [...state.parts, stroke] });
  if (stroke.points.length === 1) tell();
  draw();
  ask();
}

/* Erase where the heat on show is at least half its maximum, or at least the threshold that is in use. */
async function remove() {
  await asking; // the heat that is meant is that of the photo as it is painted now
  const shown = session.current(), { heat } = figure;
  if (!shown || !heat) return panel.say("There is no heat yet. Try again in a moment.", "error");
  if (heat.flat) return panel.say("This map has no heat to remove. Choose another layer or method first.", "error");
  const { photo, answer: { view } } = shown, [x0, y0, x1, y1] = view;
  const width = (x1 - x0) * photo.width, height = (y1 - y0) * photo.height, scale = HEAT / Math.max(width, height);
  const [across, down] = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
  const strong = strengths(heat.signed), levels = heat.levels(across, down).map((level) => 255 * strong[level]);
  const hottest = region(levels, across, down, look.threshold || 0.5, view);
  become({ ...state, parts: [...state.parts, hottest] });
}

/* The controls as they are for what is painted. */
function tell() {
  set("fill", { value: state.fill });
  set("undo", { disabled: !past.length });
  set("restore", { disabled: !state.parts.length });
  set("what-if-hint", { hidden: !on || parts().length > 0 });
}

/* Show what is painted at once, over the heat; the photo itself changes with the answer. */
let drawing = false;
async function draw() {
  if (drawing) return;
  drawing = true;
  await new Promise(requestAnimationFrame);
  const small = on && await canvas(PREVIEW).catch(() => null); // `lost` says why
  drawing = false;
  brush.show(small && waiting() && parts().length ? patch(small, parts(), state.fill) : null);
}

/* One question at a time: as long as somebody paints, the next one is asked when the answer to the last is here. */
function ask() {
  stale = true;
  asking ??= catchUp().catch(lost).finally(() => {
    asking = null;
    draw();
  });
}

/* What could not be painted is not kept as if it had been. */
function lost({ message }) {
  stale = false;
  shows(session.current());
  panel.say(message, "error");
}

async function catchUp() {
  while (stale) {
    stale = false;
    const { photo } = base, edited = await compose();
    if (base.photo !== photo) continue;
    const answer = new Promise((resolve) => { answered = resolve; });
    session.ask({ photo: edited });
    await answer;
  }
}

/* The photo as it is painted now, like one that was chosen. */
async function compose() {
  const { photo } = base, { fill } = state, now = { parts: parts(), fill };
  if (!now.parts.length) return photo;
  const whole = await canvas(WHOLE), edited = new OffscreenCanvas(whole.width, whole.height), context = edited.getContext("2d");
  context.drawImage(whole, 0, 0);
  context.drawImage(patch(whole, now.parts, fill), 0, 0);
  const blob = await edited.convertToBlob({ type: "image/jpeg", quality: 0.95 }), shown = await dataURL(blob);
  const file = new File([blob], photo.name.replace(/(\.[^.]*)?$/, "-edited.jpg"), { type: blob.type });
  return { file, name: file.name, width: photo.width, height: photo.height, shown, sent: shown.split(",")[1], edited: { photo, state: now } };
}

/* What stands on the page now. Another photo starts anew; after a question without an answer the photo is as it was before it. */
function shows({ photo }) {
  set("edited", { hidden: !photo.edited });
  if (original(photo) !== base?.photo) {
    base = { photo: original(photo), canvases: {} };
    past = [];
    growing = null;
    stale = false;
  }
  if (!growing && !stale) state = photo.edited?.state ?? { ...state, parts: NONE };
  tell();
  answered();
}

function turn(is = !on) {
  if (is && !base) return panel.say("There is no photo to paint on yet.", "error");
  on = is;
  set("what-if", { "aria-pressed": String(on) });
  set("what-if-bar", { hidden: !on });
  set("brush-ring", { hidden: !on });
  brush.turn(on);
  if (on) document.querySelector(".panes").scrollIntoView({ block: "nearest" }); // on a phone the switch lies further down
  tell();
  focus(document.getElementById(on ? "brush-ring" : "what-if"), on);
}

/* The switch and the bar take each other's place, and Dash shows them a moment later. */
async function focus(element, is) {
  while (on === is && !element.offsetParent) await new Promise(requestAnimationFrame);
  if (on === is) element.focus({ preventScroll: true });
}

export function start() {
  session.follow(shows);
  brush.start(paint);
  for (const [id, action] of [["what-if", turn], ["remove", remove], ["undo", undo], ["restore", restore], ["done", turn]]) {
    document.getElementById(id).addEventListener("click", () => action());
  }
  document.addEventListener("keydown", (event) => {
    if (!on || event.target.closest(FIELDS)) return;
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault();
      undo();
    } else if (event.key === "Escape" && event.target.closest(".figure, .what-if-bar")) {
      turn(false);
    }
  });
}
