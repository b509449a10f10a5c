/* Side by side: what is shown is pinned in a second figure, and the controls go on to act on the first. Both show the same photo, so
   they zoom, pan and point together. */
import { set } from "./dash.mjs";
import { Figure, figure } from "./figure.mjs";
import { about } from "./options.mjs";
import * as panel from "./panel.mjs";
import { original } from "./photo.mjs";
import * as session from "./session.mjs";
import { caption, nothing } from "./words.mjs";

const CONFIG = { scrollZoom: true, displayModeBar: false, doubleClick: false };

let beside = null; // the second figure, made when it is first needed
let making = null; // the promise of it
let pinned = null; // what it shows: see `session.view`
let copying = 0; // the frame in which one figure's zoom is given to the other

const pane = () => document.getElementById("pinned-pane");

/* A figure like the first. */
async function make() {
  const { data, layout: { width, height, ...layout } } = JSON.parse(JSON.stringify({ data: figure.graph.data, layout: figure.graph.layout }));
  const made = new Figure({ plot: "pinned", message: "pinned-message", readout: "pinned-readout", legend: "pinned-legend" });
  const plot = made.frame.appendChild(document.createElement("div"));
  await Plotly.newPlot(plot, data, { ...layout, autosize: true }, CONFIG);
  new ResizeObserver(() => plot.offsetWidth && Plotly.Plots.resize(plot)).observe(made.frame);
  made.interact();
  made.partner = figure;
  link(figure, made);
  link(made, figure);
  return made;
}

/* What somebody does in one figure happens in the other. */
function link(from, to) {
  for (const event of ["plotly_relayouting", "plotly_relayout"]) {
    from.graph.on(event, () => {
      if (!pinned || copying) return;
      copying = requestAnimationFrame(() => {
        copying = 0;
        if (pinned) follow(from, to);
      });
    });
  }
}

function follow(from, to) {
  const ranges = ({ graph: { layout: { xaxis, yaxis } } }) => [...xaxis.range, ...yaxis.range], wanted = ranges(from);
  if (ranges(to).every((end, i) => Math.abs(end - wanted[i]) < 0.01)) return;
  Plotly.relayout(to.graph, { "xaxis.range": wanted.slice(0, 2), "yaxis.range": wanted.slice(2) });
}

/* Both have another size than before: the photo takes all of it, zoomed as it was. */
async function fit() {
  for (const { graph } of beside ? [figure, beside] : [figure]) {
    if (!graph.offsetWidth) continue;
    await Plotly.Plots.resize(graph);
    await Plotly.relayout(graph, { "xaxis.domain": [0, 1], "yaxis.domain": [0, 1] });
  }
}

const describe = ({ shown, layer }) => caption(shown.answer, about(shown.answer.method)?.title ?? shown.answer.method, layer);

/* Somebody may let it go, and pin another view, while the figure is made and drawn. */
async function pin() {
  const view = session.view(), gone = () => pinned !== view;
  if (!view?.map) return panel.say("There is nothing to compare with yet: wait for the map.", "error");
  pinned = view;
  pane().hidden = false;
  set("compare", { "aria-pressed": "true" });
  beside = await (making ??= make());
  if (gone()) return;
  document.getElementById("pinned-caption").textContent = describe(view);
  document.getElementById("caption").textContent = describe(view);
  figure.partner = beside;
  const { answer, photo } = view.shown;
  await beside.setPhoto(photo, answer.view);
  if (gone()) return;
  await beside.setMap(view.map, session.readAs(answer), nothing(answer));
  if (gone()) return;
  await fit();
  if (!gone()) follow(figure, beside);
}

function unpin() {
  pinned = null;
  pane().hidden = true;
  figure.partner = null;
  set("compare", { "aria-pressed": "false" });
  fit();
}

/* The controls have changed what stands beside; a pinned view of another photo is none to compare with. */
function watch() {
  if (!pinned) return;
  const view = session.view();
  document.getElementById("caption").textContent = describe(view);
  if (original(view.shown.photo).file === original(pinned.shown.photo).file) return; // before and after go together
  unpin();
  panel.say("The pinned view was of another photo, so it was closed.");
}

export const toggle = () => (pinned ? unpin() : pin());

export function start() {
  document.getElementById("unpin").addEventListener("click", () => {
    unpin();
    document.getElementById("compare").focus();
  });
  session.onShown(watch);
}
