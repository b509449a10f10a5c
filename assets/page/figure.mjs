/* A Plotly figure: the photo, the heat over it, what the model did not see dimmed, the heat under the pointer. Photo and heat are
   two layout images, so they zoom and pan together. The heat is an indexed PNG: colour map and threshold only change its palette,
   opacity only the image's, so a step of a slider costs next to nothing. A cut-out is the same with the background as its one colour. */
import { Heat, concentration, histogram } from "./heat.mjs";
import { ARROWS } from "./keys.mjs";
import { background, follow, hides, look, painting, palette } from "./look.mjs";
import { original } from "./photo.mjs";
import { coloured, indexed } from "./png.mjs";

const LONG_SIDE = 896; // pixels that the heat is drawn with
const ROUGH = 224; // the same of a map that the next one is about to replace
const MOMENT = 150; // ms
const TRANSPARENT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const NOTHING = await indexed(new Uint8Array(1), 1, 1);
export const UNSEEN = 0.35; // brightness of what the model did not see
const STEP = 0.15; // of what is in sight, for an arrow key
const NAME = "The photo: arrow keys move it where it is zoomed into";
const HEAT = 1; // place among the layout's images; 0 is the photo

export class Figure {
  /* By the ids of its parts: the plot, the message over it, the label at the pointer and what the colours of a signed map stand for. */
  constructor(ids) {
    this.ids = ids;
    this.photo = null; // what is shown: {width, height, view, ...}
    this.heat = null;
    this.picture = null; // the heat's pixels, without colours
    this.counts = null; // of their levels, in shares of the photo
    this.bar = ""; // what the colour bar stands for
    this.telling = 0; // the timer that tells Plotly of the heat's look
    this.fading = 0; // ms that the next map takes to replace the one before
    this.passing = false; // whether the next map is about to be replaced itself
    this.partner = null; // another figure of the same photo, which points at the same place
    this.turn = 0; // counts the maps drawn: packing one takes a moment, and the last one asked for wins
    follow(this);
  }

  get frame() {
    return document.getElementById(this.ids.plot);
  }

  get graph() {
    return this.frame?.querySelector(".js-plotly-plot");
  }

  /* The figure is drawn by Dash, some time after this module runs. */
  async plotted() {
    while (!this.graph?.layout?.images) await new Promise(requestAnimationFrame);
  }

  /* A map without heat leaves the photo as it is, and nothing of it as a cut-out. */
  painted() {
    const { rgb, alpha, opacity } = painting(Boolean(this.picture?.signed));
    if (this.picture) return { source: coloured(this.picture, rgb, alpha), opacity };
    return { source: look.cutout ? coloured(NOTHING, rgb, alpha.fill(255)) : TRANSPARENT, opacity };
  }

  /* The heat as it is to look. The image takes it at once; Plotly, for which this is a change of the layout, hears of it when the
     last one is a moment ago. */
  paint() {
    const { source, opacity } = this.painted(), node = this.graph.querySelector(".layer-above image");
    node?.setAttribute("href", source);
    node?.style.setProperty("opacity", opacity);
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      Plotly.relayout(this.graph, { [`images[${HEAT}].source`]: source, [`images[${HEAT}].opacity`]: opacity });
    }, MOMENT);
  }

  /* The same in other colours, the colour bar's included, or as a cut-out. */
  recolour() {
    this.graph.closest(".figure").toggleAttribute("data-cutout", look.cutout);
    if (this.photo) Plotly.relayout(this.graph, { shapes: this.unseen() });
    this.paint();
    this.scale();
  }

  /* The colour bar. Plotly takes its time over it, so it is only changed where it has to be. */
  scale() {
    const { graph } = this, signed = Boolean(this.heat?.signed), [low, high] = this.heat?.poles ?? ["", ""], rgb = palette(signed);
    const bar = [signed, low, high, rgb].join();
    if (!rgb || bar === this.bar) return;
    this.bar = bar;
    const scale = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((i) => [i / 255, `rgb(${rgb.slice(3 * i, 3 * i + 3).join()})`]);
    Plotly.restyle(graph, {
      "marker.colorscale": [scale], "marker.cmin": signed ? -1 : 0, "marker.colorbar.tickvals": [signed ? [-1, 0, 1] : [0, 0.5, 1]],
    });
    document.getElementById(this.ids.legend).replaceChildren(...(signed ? [low, high] : []).map((words) => {
      const part = document.createElement("span");
      part.textContent = words;
      return part;
    }));
  }

  /* The parts that the model did not see, over the photo: dark, or covered like all that a cut-out leaves away, within a frame that
     tells where the photo ends. */
  unseen() {
    const { width, height, view: [x0, y0, x1, y1] } = this.photo, { cover, line } = look.cutout ? background() : {};
    const boxes = [[0, 0, 1, y0], [0, y1, 1, 1], [0, y0, x0, y1], [x1, y0, 1, y1]].filter(([a, b, c, d]) => c > a && d > b);
    const shape = ([left, top, right, bottom], looks) => ({
      type: "rect", x0: left * width, y0: top * height, x1: right * width, y1: bottom * height, layer: "above", ...looks,
    });
    if (!look.cutout) return boxes.map((box) => shape(box, { line: { width: 0 }, fillcolor: `rgba(0,0,0,${1 - UNSEEN})` }));
    return [...boxes.map((box) => shape(box, { line: { width: 1, color: cover }, fillcolor: cover })),
      shape([0, 0, 1, 1], { line: { width: 2, color: line } })];
  }

  /* Another photo: {width, height, shown}, and the part of it that the model saw, [x0, y0, x1, y1] in shares of its sides. */
  async setPhoto(next, view) {
    const { width, height, shown } = next, [x0, y0, x1, y1] = view;
    const replaced = !this.photo || original(this.photo).shown !== original(next).shown; // editing moves nothing
    this.photo = { ...next, view };
    clearTimeout(this.telling);
    this.turn++;
    if (replaced) this.picture = null; // another photo has no heat yet
    const [before, heated] = this.graph.layout.images;
    await Plotly.relayout(this.graph, {
      images: [ // as a whole: changed one by one, Plotly leaves a second node at the old place
        { ...before, source: shown, sizex: width, sizey: height },
        { ...heated, ...this.painted(), x: x0 * width, y: y0 * height, sizex: (x1 - x0) * width, sizey: (y1 - y0) * height },
      ],
      shapes: this.unseen(),
      ...(replaced && this.wholePhoto()),
    });
  }

  /* Plotly has made the domains smaller for the shape of the photo before: it starts from the whole figure again. */
  wholePhoto() {
    const { width, height } = this.photo;
    return { "xaxis.range": [0, width], "yaxis.range": [height, 0], "xaxis.domain": [0, 1], "yaxis.domain": [0, 1] };
  }

  /* Zoom about the middle by a factor; without one, to the whole photo. (Plotly's own reset goes back to the first photo's size.) */
  zoom(factor) {
    if (!this.photo) return;
    const { xaxis, yaxis } = this.graph.layout;
    const scaled = ([a, b]) => [(a + b) / 2 - (b - a) / 2 / factor, (a + b) / 2 + (b - a) / 2 / factor];
    Plotly.relayout(this.graph, factor
      ? { "xaxis.range": scaled(xaxis.range), "yaxis.range": scaled(yaxis.range) } : this.wholePhoto());
  }

  get zoomed() {
    const { photo, graph: { layout: { xaxis, yaxis } } } = this, span = ([a, b]) => Math.abs(b - a);
    return Boolean(photo) && (span(xaxis.range) < 0.99 * photo.width || span(yaxis.range) < 0.99 * photo.height);
  }

  /* Look further to the right or down, by shares of what is in sight, and no further than the photo goes. */
  shift([right, down]) {
    const { photo: { width, height }, graph: { layout: { xaxis, yaxis } } } = this;
    const shifted = (range, share, length) => {
      const low = Math.min(...range), high = Math.max(...range), room = Math.max(0, share < 0 ? low : length - high);
      const by = Math.sign(share) * Math.min(Math.abs(share) * (high - low), room);
      return range.map((end) => end + by);
    };
    Plotly.relayout(this.graph, { "xaxis.range": shifted(xaxis.range, right, width), "yaxis.range": shifted(yaxis.range, down, height) });
  }

  /* A finger scrolls the page, until less than the whole photo is in sight: then it moves that. */
  grip() {
    if (!matchMedia("(pointer: coarse)").matches) return;
    const { graph, zoomed } = this, dragmode = zoomed ? "pan" : false;
    graph.closest(".figure").toggleAttribute("data-zoomed", zoomed);
    if (graph.layout.dragmode !== dragmode) Plotly.relayout(graph, { dragmode });
  }

  /* Another map for the same photo; none while it is still on its way. `seen`: see `Heat`, and `poles`, the ends of a signed map's
     colour bar; `nothing`: what to say of a map without heat. */
  async setMap(map, seen, nothing) {
    const mine = ++this.turn, { photo } = this, heat = this.heat = map && new Heat(map, seen);
    document.getElementById(this.ids.message).textContent = !heat ? "This layer's map is on its way …" : heat.flat ? nothing : "";
    let next = null, counts = null;
    if (heat) heat.poles = seen.poles;
    if (heat && !heat.flat) {
      const [x0, y0, x1, y1] = photo.view, width = (x1 - x0) * photo.width, height = (y1 - y0) * photo.height;
      const scale = (this.passing ? ROUGH : LONG_SIDE) / Math.max(width, height);
      const side = (length) => Math.max(1, Math.round(length * scale));
      const levels = heat.levels(side(width), side(height));
      counts = histogram(levels).map((share) => share * (x1 - x0) * (y1 - y0));
      next = { signed: heat.signed, ...await indexed(levels, side(width), side(height)) };
    }
    if (mine !== this.turn) return null;
    this.picture = next;
    this.counts = counts;
    if (this.fading) this.blend();
    this.paint();
    this.scale();
    return heat ? this.found() : null;
  }

  /* Where the heat lies that is at least half its maximum, or in a cut-out what is left: see `concentration`. */
  found(enough = (strength) => strength >= 0.5) {
    return concentration(this.counts ?? new Float64Array(256), this.heat.signed, enough);
  }

  kept() {
    return this.heat && this.found((strength) => !hides(strength));
  }

  /* Let the next map come slowly. */
  fade(duration) {
    this.fading = duration;
  }

  /* What is about to be replaced stays for a moment, above what replaces it, and goes. */
  blend() {
    const node = this.graph.querySelector(".layer-above image"), timing = { duration: this.fading, easing: "ease-in-out" };
    this.fading = 0;
    if (!node) return;
    const ghost = node.cloneNode();
    node.closest(".imagelayer").after(ghost); // in there Plotly would take it for one of its own
    const going = ghost.animate([{ opacity: painting().opacity }, { opacity: 0 }], timing);
    going.onfinish = going.oncancel = () => ghost.remove();
    node.animate([{ opacity: 0 }, { opacity: painting().opacity }], timing);
  }

  /* What somebody does in the figure itself; `zooms`: the factors of buttons, by their ids. */
  interact(zooms = {}) {
    this.followPointer();
    this.followKeys();
    this.grip();
    this.graph.on("plotly_relayout", () => this.grip());
    this.graph.on("plotly_doubleclick", () => this.zoom());
    for (const [id, factor] of Object.entries(zooms)) {
      document.getElementById(id).addEventListener("click", () => this.zoom(factor));
    }
  }

  /* The heat under the pointer. Plotly's own labels show the cells of a trace; this is the value that is drawn. */
  followPointer() {
    const point = (place) => {
      this.point(place);
      this.partner?.point(place, true);
    };
    this.frame.addEventListener("pointerleave", () => point(null));
    const read = ({ clientX, clientY, buttons, pointerType }) => {
      const box = this.graph.querySelector(".imagelayer image").getBoundingClientRect();
      const x = (clientX - box.left) / box.width, y = (clientY - box.top) / box.height;
      const still = !buttons || pointerType === "touch"; // a finger that points has a button pressed
      point(this.photo && still && x >= 0 && x < 1 && y >= 0 && y < 1 ? [x, y] : null);
    };
    for (const type of ["pointerdown", "pointermove"]) this.frame.addEventListener(type, read);
  }

  followKeys() {
    const { frame } = this;
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    frame.setAttribute("aria-label", NAME);
    frame.addEventListener("keydown", (event) => {
      const { key, altKey, ctrlKey, metaKey } = event;
      if (!Object.hasOwn(ARROWS, key) || altKey || ctrlKey || metaKey || !this.zoomed) return;
      event.preventDefault();
      this.shift(ARROWS[key].map((way) => STEP * way));
    });
  }

  /* Say what is at a place of the photo, given in shares of its sides; of none, nothing. `linked`: the pointer is in another figure. */
  point(place, linked = false) {
    const label = document.getElementById(this.ids.readout);
    label.textContent = place ? this.describe(...place) : "";
    if (!place) return;
    const outer = this.frame.getBoundingClientRect(), box = this.graph.querySelector(".imagelayer image").getBoundingClientRect();
    const x = box.left + place[0] * box.width - outer.left, y = box.top + place[1] * box.height - outer.top;
    const flipped = x > outer.width - 200; // stay within the figure
    label.style.translate = `calc(${x}px + ${flipped ? "-100% - 20px" : "0px"}) ${y}px`;
    label.toggleAttribute("data-linked", linked);
    label.toggleAttribute("data-flipped", flipped);
  }

  describe(x, y) {
    const { photo, heat } = this, [x0, y0, x1, y1] = photo.view;
    const place = `at ${Math.floor(x * photo.width)}, ${Math.floor(y * photo.height)}`;
    if (x < x0 || x >= x1 || y < y0 || y >= y1) return `not seen by the model, ${place}`;
    return heat ? `heat ${heat.at((x - x0) / (x1 - x0), (y - y0) / (y1 - y0)).toFixed(2).replace("-", "−")} ${place}` : "";
  }
}

/* The figure that the controls act on. */
export const figure = new Figure({ plot: "overlay", message: "figure-message", readout: "readout", legend: "legend" });
