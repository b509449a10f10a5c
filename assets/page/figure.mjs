/* The Plotly figure: the photo, the heat over it, what the model did not see dimmed, the heat under the pointer. Photo and heat are
   two layout images, so they zoom and pan together. The heat is an indexed PNG: colour map and threshold only change its palette,
   opacity only the image's, so a step of a slider costs next to nothing. */
import { Heat, concentration } from "./heat.mjs";
import { coloured, fromBase64, indexed } from "./png.mjs";

const LONG_SIDE = 896; // pixels that the heat is drawn with
const MOMENT = 150; // ms
const TRANSPARENT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
export const UNSEEN = 0.35; // brightness of what the model did not see
const HEAT = 1; // place among the layout's images; 0 is the photo

const graph = () => document.querySelector("#overlay .js-plotly-plot");
const message = () => document.getElementById("figure-message");

let photo = null; // what is shown: {width, height, view, ...}
let heat = null;
let picture = null; // the heat's pixels, without colours
let telling = 0; // the timer that tells Plotly of the heat's look
let turn = 0; // counts the maps drawn: packing one takes a moment, and the last one asked for wins
export const look = { opacity: 0.5, colormap: "viridis", threshold: 0, palettes: {} };

/* The figure is drawn by Dash, some time after this module runs. */
export async function plotted() {
  while (!graph()?.layout?.images) await new Promise(requestAnimationFrame);
}

/* The palettes by name, in base64. */
export function setPalettes(palettes) {
  look.palettes = Object.fromEntries(Object.entries(palettes).map(([name, rgb]) => [name, fromBase64(rgb)]));
}

/* Opacity of the 256 levels: what is below the threshold is not drawn. */
export const alpha = () => Uint8Array.from({ length: 256 }, (_, level) => (level / 255 < look.threshold ? 0 : 255));

export const palette = () => look.palettes[look.colormap];

export const currentHeat = () => heat;

const painted = () => ({ source: picture ? coloured(picture, palette(), alpha()) : TRANSPARENT, opacity: look.opacity });

/* The heat as it is to look. The image takes it at once; Plotly, for which this is a change of the layout, hears of it when the
   last one is a moment ago. */
function paint() {
  const { source, opacity } = painted();
  const node = graph().querySelector(".layer-above image");
  node?.setAttribute("href", source);
  node?.style.setProperty("opacity", opacity);
  clearTimeout(telling);
  telling = setTimeout(() => {
    Plotly.relayout(graph(), { [`images[${HEAT}].source`]: source, [`images[${HEAT}].opacity`]: opacity });
  }, MOMENT);
}

export function setOpacity(opacity) {
  look.opacity = opacity;
  paint();
}

export function setThreshold(threshold) {
  look.threshold = threshold;
  paint();
}

export async function setColormap(name) {
  look.colormap = name;
  const rgb = palette(), steps = [0, 32, 64, 96, 128, 160, 192, 224, 255];
  const scale = steps.map((i) => [i / 255, `rgb(${rgb.slice(3 * i, 3 * i + 3).join()})`]);
  await Plotly.restyle(graph(), { "marker.colorscale": [scale] });
  paint();
}

/* Another photo: {width, height, shown}, and the part of it that the model saw, [x0, y0, x1, y1] in shares of its sides. */
export async function setPhoto(next, view) {
  const { width, height, shown } = next, [x0, y0, x1, y1] = view;
  const whole = (one) => one?.edited?.photo.shown ?? one?.shown, replaced = whole(photo) !== whole(next); // editing moves nothing
  photo = { ...next, view };
  clearTimeout(telling);
  turn++;
  if (replaced) picture = null; // another photo has no heat yet
  const dim = (left, top, right, bottom) => ({
    type: "rect", x0: left * width, y0: top * height, x1: right * width, y1: bottom * height,
    line: { width: 0 }, fillcolor: `rgba(0,0,0,${1 - UNSEEN})`, layer: "above",
  });
  const [before, heated] = graph().layout.images;
  const unseen = [[0, 0, 1, y0], [0, y1, 1, 1], [0, y0, x0, y1], [x1, y0, 1, y1]];
  await Plotly.relayout(graph(), {
    images: [ // as a whole: changed one by one, Plotly leaves a second node at the old place
      { ...before, source: shown, sizex: width, sizey: height },
      { ...heated, ...painted(), x: x0 * width, y: y0 * height, sizex: (x1 - x0) * width, sizey: (y1 - y0) * height },
    ],
    shapes: unseen.filter(([a, b, c, d]) => c > a && d > b).map((box) => dim(...box)),
    ...(replaced && wholePhoto()),
  });
}

/* Plotly has made the domains smaller for the shape of the photo before: it starts from the whole figure again. */
const wholePhoto = () => ({
  "xaxis.range": [0, photo.width], "yaxis.range": [photo.height, 0], "xaxis.domain": [0, 1], "yaxis.domain": [0, 1],
});

/* Zoom about the middle by a factor; without one, to the whole photo. (Plotly's own reset goes back to the first photo's size.) */
function zoom(factor) {
  if (!photo) return;
  const { xaxis, yaxis } = graph().layout;
  const scaled = ([a, b]) => [(a + b) / 2 - (b - a) / 2 / factor, (a + b) / 2 + (b - a) / 2 / factor];
  Plotly.relayout(graph(), factor ? { "xaxis.range": scaled(xaxis.range), "yaxis.range": scaled(yaxis.range) } : wholePhoto());
}

/* Another map for the same photo; none while it is still on its way. `seen`: see `Heat`; `nothing`: what to say of a map without
   heat. */
export async function setMap(map, seen, nothing) {
  const mine = ++turn;
  heat = map && new Heat(map, seen);
  message().textContent = !heat ? "This layer's map is on its way …" : heat.flat ? nothing : "";
  let next = null, found = heat ? { share: 0, area: 0 } : null;
  if (heat && !heat.flat) {
    const [x0, y0, x1, y1] = photo.view, width = (x1 - x0) * photo.width, height = (y1 - y0) * photo.height;
    const scale = LONG_SIDE / Math.max(width, height);
    const side = (length) => Math.max(1, Math.round(length * scale));
    const levels = heat.levels(side(width), side(height));
    found = concentration(levels);
    found.area *= (x1 - x0) * (y1 - y0);
    next = await indexed(levels, side(width), side(height));
  }
  if (mine !== turn) return null;
  picture = next;
  paint();
  return found;
}

/* What somebody does in the figure itself. */
export function interact() {
  followPointer();
  if (matchMedia("(pointer: coarse)").matches) Plotly.relayout(graph(), { dragmode: false }); // a finger scrolls the page
  graph().on("plotly_doubleclick", () => zoom());
  for (const [id, factor] of [["zoom-in", 1.5], ["zoom-out", 1 / 1.5], ["zoom-all"]]) {
    document.getElementById(id).addEventListener("click", () => zoom(factor));
  }
}

/* The heat under the pointer. Plotly's own labels show the cells of a trace; this is the value that is drawn. */
function followPointer() {
  const frame = document.getElementById("overlay"), label = document.getElementById("readout");
  frame.addEventListener("pointerleave", () => { label.textContent = ""; });
  frame.addEventListener("pointermove", ({ clientX, clientY, buttons }) => {
    const box = graph().querySelector(".imagelayer image").getBoundingClientRect(), outer = frame.getBoundingClientRect();
    const x = (clientX - box.left) / box.width, y = (clientY - box.top) / box.height;
    label.textContent = photo && !buttons && x >= 0 && x < 1 && y >= 0 && y < 1 ? describe(x, y) : "";
    const flip = clientX > outer.right - 200 ? "-100%" : "0px"; // stay within the figure
    label.style.translate = `calc(${clientX - outer.left}px + ${flip}) ${clientY - outer.top}px`;
  });
}

function describe(x, y) {
  const [x0, y0, x1, y1] = photo.view, place = `at ${Math.floor(x * photo.width)}, ${Math.floor(y * photo.height)}`;
  if (x < x0 || x >= x1 || y < y0 || y >= y1) return `not seen by the model, ${place}`;
  return heat ? `heat ${heat.at((x - x0) / (x1 - x0), (y - y0) / (y1 - y0)).toFixed(2)} ${place}` : "";
}
