/* One question to the server at a time counts: the last. What stands on the page stays until the answer to that question is here,
   and comes back if there is none. Every question has a number, its answer the same; an answer to an older question is dropped. */
import { figure } from "./figure.mjs";
import { look, setPalettes } from "./look.mjs";
import { open, PhotoError } from "./photo.mjs";
import { fromBase64 } from "./png.mjs";
import * as options from "./options.mjs";
import * as panel from "./panel.mjs";
import { nothing, poles, working } from "./words.mjs";
import { ALL, mean } from "./mean.mjs";
import { alive, GONE, LATE, LONG_PATIENCE, noteFailures, PATIENCE, PULSE } from "./server.mjs";

/* Tells this page from others, so that the server gives up a question when the same page asks a newer one. */
export const me = crypto.getRandomValues(new Uint32Array(4)).join("-");

let limits = null;
let number = 0;
let taken = 0; // counts the files taken: opening one takes a moment, and the last one wins
/* What was asked last: {number, photo, model, method, parameters, layer, target, against, evidence, space}. Classes by their labels;
   no target for the predicted one. `link`: the link that asks this, see `sharing.mjs`; it stays until a question of its is answered. */
let wanted = null;
/* What stands on the page: the same, and the answer to it. There `layer` is the one on show, "" for the whole network, and `choice` the
   one that comes back with a method that can show it. */
let shown = null;
let maps = {}; // of what stands on the page, by layer, that of the whole network by ""; those still on their way are missing
let others = "here"; // the maps of the layers that are not on show: "here", "coming", or "lost" where their answer did not come
let waiting = 0; // the timer of the question that waits for its answer
let asked = 0; // when it was asked
let posted = null; // it, as Dash has it
const followers = [];

/* Call with what stands on the page whenever a question has found its end: an answer stands, or there is none. */
export const follow = (follower) => void followers.push(follower);

export const current = () => shown;

const watchers = [];

/* Be told of what stands on the page, and of its maps, whenever one of them changes. */
export const onShown = (watcher) => watchers.push(watcher);

const announce = () => watchers.forEach((watcher) => watcher(shown, maps));

/* What is shown, with its map, if that is here. */
export const view = () => shown && { shown, layer: shown.layer, map: mapOf(shown.layer) };

/* How the maps of an answer are to be read: see `Heat`. */
export const readAs = (answer) => ({
  ...answer.seen, magnitude: answer.shown === "magnitude", signed: answer.shown === "signed", poles: poles(answer),
});

/* The layers of an answer that a select lists, in running order. */
export const layersOf = ({ layers }) => layers.flatMap(({ items }) => items);

/* The map of a layer, or the mean of all of them once they are here. */
function mapOf(layer) {
  const { answer } = shown;
  const listed = layersOf(answer).filter(({ disabled }) => !disabled).map(({ value }) => value);
  if (layer === ALL && !maps[ALL] && listed.every((name) => maps[name])) {
    maps[ALL] = mean(listed.map((name) => maps[name]), answer.input.height, answer.input.width, readAs(answer));
  }
  return maps[layer];
}

/* A file, or a promise of one: from now on the photo. What else is asked of it, a function may say once it is open; it is told of what
   was asked last. */
export async function take(file, also = () => ({})) {
  const mine = ++taken;
  panel.busy(true);
  try {
    const photo = await open(await file, limits);
    if (mine === taken) ask({ photo, target: null, ...also(photo, wanted) });
  } catch (error) {
    if (mine === taken) fail(error instanceof PhotoError ? error.message : "This photo could not be loaded. Try again, or another one.");
  }
}

/* Ask for an explanation that differs from the last one asked for in these points. */
export function ask(change) {
  if (!change.photo && !wanted) return; // nothing is on the page that could be explained in another way
  wanted = { target: null, against: null, layer: null, link: null, ...wanted, ...panel.choices(), ...change, number: ++number };
  options.count(wanted);
  panel.say("");
  send(wanted, false);
}

/* Classes are asked for by label: the same class has another index in another model, which may be on its way. */
export const chooseTarget = (index) => shown && ask({ target: shown.answer.classes[index] });

export const chooseContrast = (index) => shown && ask({ against: index === null ? null : shown.answer.classes[index] });

export function chooseMethod(name) {
  options.draw(name);
  ask({});
}

export function reset() {
  panel.reset();
  ask({ against: null });
}

/* A default layer is no choice: another model starts with its own. */
const chosenLayer = ({ model, layer }) => (model !== shown?.model && layer === shown?.answer.default ? null : layer);

/* All maps come at once with another photo or model; with another class or method the layer on show first, then the rest. Where each
   layer takes passes of its own, the server sends none but that on show. */
function send(question, rest) {
  const { photo, model, method, parameters, target, against, evidence, space } = question, layer = chosenLayer(question);
  const everything = rest || photo !== shown?.photo || model !== shown?.model || layer === ALL || Boolean(question.link);
  panel.busy(!rest);
  forget();
  watch(question, rest);
  posted = {
    number: question.number, page: me, model, method, parameters, layer: layer === ALL ? null : layer, target, against, evidence, space,
    everything, rest,
    catalog: !shown, digest: photo.digest ?? null, photo: photo.digest ? null : photo.sent, display: !photo.shown,
  };
  dash_clientside.set_props("question", { data: posted });
}

/* Dash keeps all that was ever asked, for an undo that this page does not have: the photo is not to be among that. */
function forget() {
  if (posted) posted.photo = null;
}

/* A server that has gone away would leave the page waiting for ever. */
function watch(question, rest) {
  stopWatching();
  asked = performance.now();
  const patience = options.quick(question) ? PATIENCE : LONG_PATIENCE;
  const mine = waiting = setInterval(async () => {
    const there = await alive();
    if (mine !== waiting) return; // answered meanwhile
    if (!there) fail(GONE);
    else if (performance.now() - asked > patience) fail(LATE);
    else if (!rest && options.about(question.method)) panel.say(working(options.about(question.method)));
  }, PULSE);
}

function stopWatching() {
  clearInterval(waiting);
  waiting = 0;
}

function fail(sentence) {
  stopWatching();
  forget();
  panel.busy(false);
  panel.say(sentence, "error");
  if (!shown) return panel.idle();
  if (others === "coming") others = "lost";
  if (!maps[shown.layer]) shown = { ...shown, layer: shown.answer.layer, choice: shown.answer.layer }; // that one's map is here
  wanted = { ...shown, layer: shown.choice, link: null, number: ++number };
  panel.layersReady(shown.answer, others);
  panel.choose(shown);
  showLayer(); // another one's map may have been on its way
  followers.forEach((follower) => follower(shown));
}

export async function receive(answer) {
  const question = wanted;
  if (answer?.number !== question?.number) return;
  stopWatching();
  forget();
  if (answer.error) {
    if (!answer.choice || !question.link?.refused(answer.error)) fail(answer.error);
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
    setPalettes(answer.catalog.palettes);
  }
  if (answer.rest) {
    const missing = !maps[shown.layer];
    maps = arrived;
    others = "here";
    panel.layersReady(shown.answer, others);
    if (missing) await showLayer();
    else announce();
    return;
  }
  maps = arrived;
  const layer = chosenLayer(question); // it may have changed meanwhile
  const listed = layer === ALL ? answer.reach === "layers" : layersOf(answer).find(({ value }) => value === layer);
  const known = (label) => (answer.classes.includes(label) ? label : null);
  const choice = listed ? layer : answer.layer ?? answer.default;
  const parameters = options.differing(question.method, question.parameters);
  Object.assign(question, { photo, parameters, target: known(question.target), against: known(question.against), layer: choice });
  remember(photo, question.model, answer);
  shown = { ...question, answer, choice, layer: listed && answer.layer && !listed.disabled ? layer : answer.layer ?? "" };
  question.link = null; // has its answer
  panel.say(answer.note);
  panel.show(shown);
  others = answer.reach === "layers" && !answer.everything ? "coming" : "here";
  panel.layersReady(answer, others);
  await figure.setPhoto(photo, answer.view);
  await showLayer();
  if (wanted !== question) return;
  panel.busy(false);
  followers.forEach((follower) => follower(shown));
  if (others === "coming") send(question, true);
  else if (!maps[shown.layer]) ask({});
}

/* What a model said of a photo before it was edited goes with the answer to the edited one. */
function remember(photo, model, answer) {
  photo.said = { ...photo.said, [model]: answer.probabilities };
  answer.edited = photo.edited;
  answer.before = photo.edited?.photo.said[model] ?? null;
}

/* What this browser can't decode, as the server did. */
async function displayable(photo, src) {
  const file = new File([fromBase64(src.split(",")[1])], photo.name, { type: "image/jpeg" });
  file.sample = photo.file.sample;
  return { ...await open(file, { bytes: Infinity, pixels: Infinity }), sent: photo.sent, shrunk: false };
}

/* The layer on show, or another one whose map is on its way. */
async function showLayer(layer = shown.layer) {
  const before = shown, map = mapOf(layer), answer = asWhole(shown.answer, layer);
  announce();
  const found = await figure.setMap(map, readAs(answer), nothing(answer));
  if (before === shown && (found || !map)) panel.tell(answer, found, cutOut());
}

/* Draw what is on show again. */
export const redraw = () => shown && showLayer();

/* What is said of a layer is not said of all of them together. */
const asWhole = (answer, layer) => (layer === ALL ? { ...answer, reach: "network" } : answer);

/* What a cut-out leaves, if there is one. */
const cutOut = () => (look.cutout && figure.heat ? { ...figure.kept(), threshold: look.threshold } : null);

/* Say again where the heat lies, as it is shown now. */
export function retell() {
  if (shown && figure.heat) panel.tell(asWhole(shown.answer, shown.layer), figure.found(), cutOut());
}

/* Every layer's map is here, or on its way; or the server has to be asked: for each, or for all those that were lost. */
export async function chooseLayer(layer) {
  if (!shown) return;
  if (shown.answer.reach === "layer" || (others === "lost" && !maps[layer])) {
    ask({ layer });
  } else {
    shown = { ...shown, layer, choice: layer };
    wanted.layer = layer;
  }
  await showLayer(layer);
}

export async function start(settings) {
  limits = settings.limits;
  await figure.plotted();
  figure.interact({ "zoom-in": 1.5, "zoom-out": 1 / 1.5, "zoom-all": 0 });
  noteFailures(() => waiting && asked, fail);
}
