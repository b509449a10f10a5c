/* The page's own behaviour: what Dash's callbacks call, what listens to the document, and the first photo. The modules it is made
   of lie in `page/`. */
import * as brush from "./page/brush.mjs";
import { announce } from "./page/comboboxes.mjs";
import { save } from "./page/download.mjs";
import * as compare from "./page/compare.mjs";
import * as cutout from "./page/cutout.mjs";
import * as film from "./page/film.mjs";
import { saveFilm, saveRecord } from "./page/files.mjs";
import * as gallery from "./page/gallery.mjs";
import * as input from "./page/input.mjs";
import * as keys from "./page/keys.mjs";
import * as lesson from "./page/lesson.mjs";
import * as look from "./page/look.mjs";
import * as menus from "./page/menus.mjs";
import * as options from "./page/options.mjs";
import * as panel from "./page/panel.mjs";
import * as session from "./page/session.mjs";
import * as sharing from "./page/sharing.mjs";
import { listen } from "./page/upload.mjs";
import * as whatIf from "./page/whatif.mjs";
import { percent } from "./page/words.mjs";


/* What the picture says of itself. */
const texts = ({ answer, photo, layer, parameters }) => {
  const index = answer.target ?? answer.predicted, name = answer.classes[index];
  return {
    Software: "Whylight", Model: answer.title, Class: name, Probability: percent(answer.probabilities[index]),
    Method: answer.method, ...(answer.reach !== "network" && { Layer: layer }),
    ...(Object.keys(parameters).length && { Parameters: JSON.stringify(parameters) }), ...goal(answer),
    ...(look.look.cutout && { Shown: `Where the heat is at least ${look.look.threshold}` }),
    ...(photo.edited && { Edited: `Parts of the photo are painted over with ${photo.edited.state.fill}` }),
  };
};

/* What is said of the score in the download, where it is not simply that of the class. */
const goal = ({ classes, against, evidence, space }) => ({
  ...(against !== null && { Against: classes[against] }), ...(evidence !== "for" && { Evidence: evidence }),
  ...(space === "probability" && { Score: space }),
});

const actions = {
  receive: session.receive,
  layer: (value) => panel.changed("layer", value) && session.chooseLayer(value),
  model: (value) => panel.changed("model", value) && session.ask({}),
  method: (value) => panel.changed("method", value) && session.chooseMethod(value),
  option: () => options.read(dash_clientside.callback_context.inputs_list.flat()) && session.ask({}),
  against: (value) => panel.changed("against", value) && session.chooseContrast(panel.contrast()),
  evidence: (value) => panel.changed("evidence", value) && session.ask({}),
  score: (value) => panel.changed("score", value) && session.ask({}),
  reset: session.reset,
  target: (value) => panel.changed("target", value) && session.chooseTarget(Number(value)),
  "film-scrub": film.scrub,
  "film-webp": () => saveFilm("webp"),
  "film-gif": () => saveFilm("gif"),
  opacity: look.setOpacity,
  threshold: cutout.setThreshold,
  show: cutout.show,
  colormap: look.setColormap,
  compare: compare.toggle,
  brush: brush.setSize,
  fill: whatIf.setFill,
  download: () => save(texts),
  "download-map": () => saveRecord("map"),
  "download-record": () => saveRecord("record"),
  ...gallery.actions,
};
/* Dash wants nothing back from a callback without outputs. */
const quiet = (action) => (...inputs) => void action(...inputs);
window.dash_clientside = Object.assign(window.dash_clientside ?? {}, {
  whylight: Object.fromEntries(Object.entries(actions).map(([name, action]) => [name, quiet(action)])),
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("#classes button");
  if (button) window.dash_clientside.set_props("target", { value: button.id.replace("class-", "") });
});

/* Dash draws the page some time after this module has run. */
while (!document.getElementById("page")) await new Promise(requestAnimationFrame);
const settings = JSON.parse(document.getElementById("page").dataset.settings);
look.start(settings);
panel.changed("model", settings.model);
panel.changed("method", settings.method);
film.start();
compare.start();
await session.start(settings);
whatIf.start();
input.start();
lesson.start();
gallery.start(settings, sharing.take);
listen(gallery.one, gallery.many);
menus.listen();
keys.listen();
for (const part of ["explanation", "gallery"]) announce(document.getElementById(part));
sharing.begin(settings);
