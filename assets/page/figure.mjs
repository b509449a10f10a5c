/* A Plotly figure: the photo, the heat over it, what the model did not see dimmed, the heat under the pointer. Photo and heat are
   two layout images, so they zoom and pan together. The heat is an indexed PNG: colour map and threshold only change its palette,
   opacity only the image's, so a step of a slider costs next to nothing. */
import { Heat, concentration } from "./heat.mjs";
import { alpha, follow, look, palette } from "./look.mjs";
import { coloured, indexed } from "./png.mjs";

const LONG_SIDE = 896; // pixels that the heat is drawn with
const MOMENT = 150; // ms
const TRANSPARENT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
export const UNSEEN = 0.35; // brightness of what the model did not see
const HEAT = 1; // place among the layout's images; 0 is the photo

export class Figure {
  /* By the ids of its parts: the plot, the message over it and the label at the pointer. */
  constructor({ plot, message, readout }) {
    this.ids = { plot, message, readout };
    this.photo = null; // what is shown: {width, height, view, ...}
    this.heat = null;
    this.picture = null; // the heat's pixels, without colours
    this.telling = 0; // the timer that tells Plotly of the heat's look
    this.fading = 0; // ms that the next map takes to replace the one before
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

  painted() {
    return { source: this.picture ? coloured(this.picture, palette(), alpha()) : TRANSPARENT, opacity: look.opacity };
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

  /* The same in other colours, the colour bar's included. */
  async recolour() {
    const rgb = palette(), steps = [0, 32, 64, 96, 128, 160, 192, 224, 255];
    const scale = steps.map((i) => [i / 255, `rgb(${rgb.slice(3 * i, 3 * i + 3).join()})`]);
    await Plotly.restyle(this.graph, { "marker.colorscale": [scale] });
    this.paint();
  }

  /* Another photo: {width, height, shown}, and the part of it that the model saw, [x0, y0, x1, y1] in shares of its sides. */
  async setPhoto(next, view) {
    const { width, height, shown } = next, [x0, y0, x1, y1] = view;
    const replaced = this.photo?.shown !== shown;
    this.photo = { ...next, view };
    clearTimeout(this.telling);
    this.turn++;
    if (replaced) this.picture = null; // another photo has no heat yet
    const dim = (left, top, right, bottom) => ({
      type: "rect", x0: left * width, y0: top * height, x1: right * width, y1: bottom * height,
      line: { width: 0 }, fillcolor: `rgba(0,0,0,${1 - UNSEEN})`, layer: "above",
    });
    const [before, heated] = this.graph.layout.images;
    const unseen = [[0, 0, 1, y0], [0, y1, 1, 1], [0, y0, x0, y1], [x1, y0, 1, y1]];
    await Plotly.relayout(this.graph, {
      images: [ // as a whole: changed one by one, Plotly leaves a second node at the old place
        { ...before, source: shown, sizex: width, sizey: height },
        { ...heated, ...this.painted(), x: x0 * width, y: y0 * height, sizex: (x1 - x0) * width, sizey: (y1 - y0) * height },
      ],
      shapes: unseen.filter(([a, b, c, d]) => c > a && d > b).map((box) => dim(...box)),
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

  /* Another map for the same photo; none while it is still on its way. `seen`: see `Heat`; `nothing`: what to say of a map without
     heat. */
  async setMap(map, seen, nothing) {
    const mine = ++this.turn, { photo } = this, heat = this.heat = map && new Heat(map, seen);
    document.getElementById(this.ids.message).textContent = !heat ? "This layer's map is on its way …" : heat.flat ? nothing : "";
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
    if (mine !== this.turn) return null;
    this.picture = next;
    if (this.fading) this.blend();
    this.paint();
    return found;
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
    node.after(ghost);
    ghost.animate([{ opacity: look.opacity }, { opacity: 0 }], timing).finished.finally(() => ghost.remove());
    node.animate([{ opacity: 0 }, { opacity: look.opacity }], timing);
  }

  /* What somebody does in the figure itself; `zooms`: the factors of buttons, by their ids. */
  interact(zooms = {}) {
    this.followPointer();
    if (matchMedia("(pointer: coarse)").matches) Plotly.relayout(this.graph, { dragmode: false }); // a finger scrolls the page
    this.graph.on("plotly_doubleclick", () => this.zoom());
    for (const [id, factor] of Object.entries(zooms)) {
      document.getElementById(id).addEventListener("click", () => this.zoom(factor));
    }
  }

  /* The heat under the pointer. Plotly's own labels show the cells of a trace; this is the value that is drawn. */
  followPointer() {
    this.frame.addEventListener("pointerleave", () => this.point(null));
    this.frame.addEventListener("pointermove", ({ clientX, clientY, buttons }) => {
      const box = this.graph.querySelector(".imagelayer image").getBoundingClientRect();
      const x = (clientX - box.left) / box.width, y = (clientY - box.top) / box.height;
      this.point(this.photo && !buttons && x >= 0 && x < 1 && y >= 0 && y < 1 ? [x, y] : null);
    });
  }

  /* Say what is at a place of the photo, given in shares of its sides; of none, nothing. */
  point(place) {
    const label = document.getElementById(this.ids.readout);
    label.textContent = place ? this.describe(...place) : "";
    if (!place) return;
    const outer = this.frame.getBoundingClientRect(), box = this.graph.querySelector(".imagelayer image").getBoundingClientRect();
    const x = box.left + place[0] * box.width - outer.left, y = box.top + place[1] * box.height - outer.top;
    label.style.translate = `calc(${x}px + ${x > outer.width - 200 ? "-100%" : "0px"}) ${y}px`; // stay within the figure
  }

  describe(x, y) {
    const { photo, heat } = this, [x0, y0, x1, y1] = photo.view;
    const place = `at ${Math.floor(x * photo.width)}, ${Math.floor(y * photo.height)}`;
    if (x < x0 || x >= x1 || y < y0 || y >= y1) return `not seen by the model, ${place}`;
    return heat ? `heat ${heat.at((x - x0) / (x1 - x0), (y - y0) / (y1 - y0)).toFixed(2)} ${place}` : "";
  }
}

/* The figure that the controls act on. */
export const figure = new Figure({ plot: "overlay", message: "figure-message", readout: "readout" });
