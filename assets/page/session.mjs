/* One question to the server at a time counts: the last. What stands on the page stays until the answer to that question is here,
   and comes back if there is none. Every question has a number, its answer the same; an answer to an older question is dropped. */
import * as figure from "./figure.mjs";
import { open, PhotoError } from "./photo.mjs";
import { fromBase64 } from "./png.mjs";
import * as panel from "./panel.mjs";
import { nothing } from "./words.mjs";

const PATIENCE = 60_000; // ms until a question counts as lost
const PULSE = 3_000; // ms between two looks whether the server is still there

let limits = null;
let number = 0;
let taken = 0; // counts the files taken: opening one takes a moment, and the last one wins
let wanted = null; // what was asked last: {number, photo, model, method, layer, target}; the target by its label, none for the predicted
let shown = null; // what stands on the page: the same, and the answer to it
let maps = {}; // of what stands on the page, by layer; those still on their way are missing
let waiting = 0;

export const current = () => shown;

/* A file, or a promise of one: from now on the photo. */
export async function take(file) {
  const mine = ++taken;
  panel.busy(true);
  try {
    const photo = await open(await file, limits);
    if (mine === taken) ask({ photo, target: null });
  } catch (error) {
    if (mine === taken) fail(error instanceof PhotoError ? error.message : "This photo could not be loaded. Try again, or another one.");
  }
}

/* Ask for an explanation that differs from the last one asked for in these points. */
export function ask(change) {
  if (!change.photo && !wanted) return; // nothing is on the page that could be explained in another way
  wanted = { ...wanted, ...panel.choices(), ...change, number: ++number };
  panel.say("");
  send(wanted, false);
}

/* Classes are asked for by label: the same class has another index in another model, which may be on its way. */
export const chooseTarget = (index) => shown && ask({ target: shown.answer.classes[index] });

/* A default layer is no choice: another model starts with its own. */
const chosenLayer = ({ model, layer }) => (model !== shown?.model && layer === shown?.answer.default ? null : layer);

/* All maps come at once with another photo or model; with another class or method the layer on show first, then the rest. */
function send(question, rest) {
  const { photo, model, method, target } = question, layer = chosenLayer(question);
  const everything = rest || photo !== shown?.photo || model !== shown?.model;
  panel.busy(!rest);
  watch(question);
  dash_clientside.set_props("question", { data: {
    number: question.number, model, method, layer, target, everything, rest,
    catalog: !shown, digest: photo.digest ?? null, photo: photo.digest ? null : photo.sent, display: !photo.shown,
  } });
}

/* A server that has gone away would leave the page waiting for ever. */
function watch(question) {
  clearInterval(waiting);
  const since = performance.now();
  waiting = setInterval(async () => {
    const there = await fetch(new URL("../../healthz", import.meta.url)).then((answer) => answer.ok, () => false);
    if (wanted !== question) return;
    if (!there) fail("The server can't be reached. Check the connection and try again.");
    else if (performance.now() - since > PATIENCE) fail("The server did not answer in time. Try again.");
  }, PULSE);
}

function fail(sentence) {
  clearInterval(waiting);
  if (shown) wanted = { ...shown, number: ++number };
  panel.busy(false);
  panel.say(sentence, "error");
  if (shown) panel.choose(shown);
}

export async function receive(answer) {
  const question = wanted;
  if (answer?.number !== question?.number) return;
  clearInterval(waiting);
  if (answer.error) {
    fail(answer.error);
  } else if (answer.again) {
    panel.say(answer.note);
    setTimeout(() => wanted === question && send(question, answer.rest), 1000 * answer.again);
  } else if (answer.missing) {
    question.photo.digest = null;
    send(question, answer.rest);
  } else {
    await accept(question, answer).catch((error) => {
      console.error(error);
      if (wanted === question) fail("This answer could not be shown. Reload the page and try again.");
    });
  }
}

async function accept(question, answer) {
  const arrived = await panel.unpack(answer.sprite);
  const photo = question.photo.shown ? question.photo : await displayable(question.photo, answer.display);
  if (wanted !== question) return;
  photo.digest = answer.digest;
  if (answer.catalog) {
    panel.offer(answer.catalog);
    figure.setPalettes(answer.catalog.palettes);
  }
  if (answer.rest) {
    const missing = !maps[shown.layer];
    maps = arrived;
    panel.layersReady(true);
    if (missing) await showLayer();
    return;
  }
  maps = arrived;
  const layer = chosenLayer(question); // it may have changed meanwhile
  const known = answer.layers.some(({ items }) => items.some(({ value }) => value === layer));
  const target = answer.classes.includes(question.target) ? question.target : null;
  Object.assign(question, { photo, target, layer: known ? layer : answer.layer });
  shown = { ...question, answer };
  wanted = question;
  panel.say("");
  panel.show(shown);
  panel.layersReady(answer.everything);
  await figure.setPhoto(photo, answer.view);
  await showLayer();
  if (wanted !== question) return;
  panel.busy(false);
  if (!answer.everything) send(question, true);
}

/* What this browser can't decode, as the server did. */
async function displayable(photo, src) {
  const file = new File([fromBase64(src.split(",")[1])], photo.name, { type: "image/jpeg" });
  return { ...await open(file, { bytes: Infinity, pixels: Infinity }), sent: photo.sent };
}

async function showLayer() {
  const before = shown, map = maps[shown.layer];
  const found = await figure.setMap(map, before.answer.seen, nothing(before.answer));
  if (before === shown && (found || !map)) panel.tell(shown.answer, found);
}

/* Every layer's map is here, or on its way. */
export async function chooseLayer(layer) {
  if (!shown || layer === shown.layer) return;
  shown = { ...shown, layer };
  wanted.layer = layer;
  await showLayer();
}

export async function start(settings) {
  limits = settings.limits;
  await figure.plotted();
  figure.interact();
}
