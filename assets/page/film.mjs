/* All layers as a film: step, scrub and play through them, one small map per stage, and the mean of all. Every map is in the page. */
import { isEcho, leave, set, setSoon } from "./dash.mjs";
import { figure } from "./figure.mjs";
import { Heat } from "./heat.mjs";
import { follow, palette } from "./look.mjs";
import { ALL, mean } from "./mean.mjs";
import * as panel from "./panel.mjs";
import * as session from "./session.mjs";

const PACE = 180; // ms that a layer stays
const FADE = 140; // ms that one layer takes to become the next
const REST = 150; // ms after which the scrubber rests
const SMALL = 96; // pixels of a small map's height
const ROUGH = 56; // places along the side of the small map of all layers

const still = matchMedia("(prefers-reduced-motion: reduce)");
const part = (name) => document.getElementById(`film-${name}`);

let frames = []; // of what stands on the page: {layer, stage, name, size}, in running order
let shown = null;
let maps = null;
let position = -1; // of the scrubber
let resting = 0; // the timer of the scrubber's rest
let turn = 0; // of the player: another one stops it
let expected = null; // the layer that the player shows

const framesOf = ({ reach, layers }) => (reach !== "layers" ? [] : layers.flatMap(({ group, items }) => items
  .filter(({ disabled }) => !disabled)
  .map(({ value, label }) => ({ layer: value, stage: group, name: label.split(" · ")[0], size: label.split(" · ")[1] }))));

const whole = () => frames.length > 0 && frames.every(({ layer }) => maps[layer]);

/* What somebody reads of a layer. */
function title(layer) {
  if (layer === ALL) return maps[ALL] ? `All layers · mean of ${maps[ALL].used} maps, each over its maximum` : "All layers";
  const at = frames.findIndex((frame) => frame.layer === layer);
  return at < 0 ? "" : `${frames[at].name} · ${frames[at].stage} · ${frames[at].size} · ${at + 1} of ${frames.length}`;
}

/* Why there may be no film. */
const reason = ({ reach }) => ({
  network: "This method makes one map of the whole network: there are no layers to step through.",
  layer: "With this method each layer takes passes of its own: choose one under Layer.",
}[reach] ?? "");

/* Follow what stands on the page. */
function watch(now, arrived) {
  const other = now.answer !== shown?.answer || arrived !== maps;
  shown = now;
  maps = arrived;
  if (other) {
    turn++;
    frames = framesOf(shown.answer);
    document.getElementById("film").dataset.reach = shown.answer.reach;
    part("note").textContent = reason(shown.answer);
    set("film-scrub", { max: Math.max(1, frames.length - 1), marks: starts(), disabled: frames.length < 2 });
    stages();
  }
  if (shown.layer !== expected) turn++; // somebody else has chosen
  if (other || shown.layer !== expected) playing(false);
  part("play").disabled = !whole();
  part("previous").disabled = part("next").disabled = !frames.length;
  mark();
}

/* Where a stage begins, on the scrubber. */
const starts = () => frames.flatMap(({ stage }, value) => (value && stage !== frames[value - 1].stage ? [{ value }] : []));

function mark() {
  const { layer } = shown, at = frames.findIndex((frame) => frame.layer === layer), words = title(layer);
  part("name").textContent = words;
  if (at >= 0 && at !== position) {
    position = at;
    setSoon("film-scrub", at);
  }
  document.querySelector("#film-scrub [role=slider]")?.setAttribute("aria-valuetext", words);
  for (const button of part("stages").children) {
    button.setAttribute("aria-pressed", String(button.dataset.layer === layer));
    button.toggleAttribute("data-within", button.dataset.stage === (frames[at]?.stage ?? ""));
  }
  keepInSight(part("stages"));
}

/* Where the row is longer than the page is wide, it moves to the stage on show; the page itself does not. */
function keepInSight(row) {
  const current = row.querySelector("[data-within]");
  if (!current || row.scrollWidth <= row.clientWidth) return;
  const from = current.offsetLeft - row.offsetLeft, to = from + current.offsetWidth - row.clientWidth;
  row.scrollLeft = Math.min(from, Math.max(to, row.scrollLeft));
}

/* The last layer of each stage, and all of them: empty until their maps are here. */
function stages() {
  const last = Object.values(Object.fromEntries(frames.map((frame) => [frame.stage, frame])));
  const entries = [...last.map(({ layer, stage, name }) => ({ layer, stage, words: stage, title: name })),
    ...(frames.length ? [{ layer: ALL, stage: "", words: "All layers", title: "The mean of all layers' maps" }] : [])];
  const seen = session.readAs(shown.answer);
  part("stages").replaceChildren(...entries.map((entry) => {
    const button = document.createElement("button"), canvas = document.createElement("canvas"), caption = document.createElement("span");
    Object.assign(canvas, { width: Math.max(1, Math.round(SMALL * Math.min(2, seen.width / seen.height))), height: SMALL });
    Object.assign(button, { type: "button", className: "film-stage", title: entry.title });
    Object.assign(button.dataset, { layer: entry.layer, stage: entry.stage });
    caption.textContent = entry.words;
    button.append(canvas, caption);
    button.addEventListener("click", () => go(entry.layer));
    return button;
  }));
  drawStages();
}

/* When nothing more urgent is to be done. */
function drawStages() {
  const mine = maps;
  (window.requestIdleCallback ?? setTimeout)(() => {
    if (mine !== maps) return;
    for (const button of part("stages").children) draw(button);
  });
}

function draw(button) {
  const { layer } = button.dataset, canvas = button.firstChild, seen = session.readAs(shown.answer);
  const map = layer === ALL ? whole() && mean(frames.map((frame) => maps[frame.layer]), ROUGH, ROUGH, seen) : maps[layer];
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  button.toggleAttribute("data-pending", !map);
  const heat = map && new Heat(map, seen), rgb = palette(heat?.signed);
  if (!map || !rgb) return;
  const levels = heat.levels(canvas.width, canvas.height);
  button.toggleAttribute("data-flat", heat.flat);
  if (heat.flat) return;
  const image = new ImageData(canvas.width, canvas.height);
  levels.forEach((level, i) => image.data.set([rgb[3 * level], rgb[3 * level + 1], rgb[3 * level + 2], 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/* Show a layer; the select says which. */
function go(layer) {
  panel.nameLayer(layer);
  return session.chooseLayer(layer);
}

function step(by) {
  const at = frames.findIndex(({ layer }) => layer === shown?.layer);
  const next = at < 0 ? position + (by < 0 ? 0 : by) : at + by; // from all layers back to the one before
  if (frames[next]) go(frames[next].layer);
}

/* The scrubber, moved by somebody or set by this module. */
export function scrub(value) {
  if (value === position || !frames[value] || isEcho("film-scrub", value)) return;
  leave("film-scrub");
  position = value;
  figure.passing = true;
  go(frames[value].layer);
  clearTimeout(resting);
  resting = setTimeout(() => {
    figure.passing = false;
    session.redraw();
  }, REST);
}

function playing(is) {
  const button = part("play");
  button.setAttribute("aria-label", is ? "Pause" : "Play all layers");
  button.title = is ? "Pause" : "Play all layers";
  button.toggleAttribute("data-playing", is);
  document.getElementById("verdict").setAttribute("aria-live", is ? "off" : "polite"); // nobody can listen so fast
  if (!is) expected = null;
}

async function play() {
  const mine = ++turn, pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const from = frames.findIndex(({ layer }) => layer === shown.layer);
  playing(true);
  for (let at = from < 0 || from === frames.length - 1 ? 0 : from; at < frames.length && mine === turn; at++) {
    expected = frames[at].layer;
    if (!still.matches) figure.fade(FADE);
    await Promise.all([go(expected), pause(PACE)]);
  }
  if (mine === turn) playing(false);
}

function toggle() {
  if (!part("play").hasAttribute("data-playing")) return void (whole() && play());
  turn++;
  playing(false);
}

export function start() {
  part("previous").addEventListener("click", () => step(-1));
  part("next").addEventListener("click", () => step(1));
  part("play").addEventListener("click", toggle);
  follow({ paint() {}, recolour: drawStages });
  session.onShown(watch);
}
