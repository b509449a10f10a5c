/* Many photos at once: a view in place of that of the one photo, whose photo and choices stay as they are. They are explained as the page
   is set when they come, each at the model's default layer. Nothing is asked while the gallery is out of sight. */
import * as cards from "./gallery-cards.mjs";
import * as asking from "./gallery-asking.mjs";
import { csv, deliver } from "./gallery-export.mjs";
import { CLASS, choices, listed, photos, summary, timeLeft, told } from "./gallery-list.mjs";
import { report } from "./gallery-report.mjs";
import { set } from "./dash.mjs";
import { MOST } from "./folder.mjs";
import { look } from "./look.mjs";
import * as options from "./options.mjs";
import * as panel from "./panel.mjs";
import { PhotoError } from "./photo.mjs";
import * as session from "./session.mjs";
import { title } from "./words.mjs";

const PREDICTED = "predicted"; // no class of its own, in the select of the class
const START = { order: "given", show: "all", search: "" };

let limits = null;
let models = {}; // titles, by name
let take = null; // see `start`
let taken = 0; // counts what comes in: reading a folder takes a moment, and the last one wins
let items = []; // see `gallery-list.mjs`; each has its card
let question = null; // how they are explained
let view = { ...START, chosen: null }; // and the class whose probability and heat are shown, if not the predicted one
let run = null; // the AbortController of what is being asked; none while nothing is
let halted = false; // somebody cancelled, or the server has gone away: nothing is asked by itself
let place = 0; // how far the gallery was scrolled
let last = null; // the card that was opened
let noted = ""; // the kind of note on the page
let drawn = ""; // the look that the cards were drawn in

const page = document.body.dataset;
const visible = () => page.gallery === "open";
const focus = (id) => document.getElementById(id).focus({ preventScroll: true });
const waiting = () => items.filter(({ answer }) => !answer || answer.stale);
const lookNow = () => JSON.stringify({ ...look, palettes: null, scheme: document.documentElement.dataset.mantineColorScheme });

/* A file, or a promise of one, for the view of the one photo. */
export function one(file) {
  if (!file && visible()) return note("No photo was chosen.");
  taken++;
  leave();
  return take(file);
}

/* A card's photo, and the class that is chosen here, for the same view. */
function open(card) {
  last = card;
  leave();
  session.take(items.find((item) => item.card === card).file, () => ({ target: view.chosen }));
}

/* Many files, as `folder.mjs` lists them, or a promise of them. */
export async function many(coming) {
  const mine = ++taken;
  const found = await coming;
  if (mine !== taken) return;
  if (found.length < 2) {
    one(found[0]?.file ?? Promise.reject(new PhotoError("There is no photo in this folder. Choose another one.")));
    return;
  }
  items = found.slice(0, MOST).map(({ file, name }) => ({ file, name }));
  [place, last] = [0, null];
  explain(START);
  show();
  note(found.length > MOST ? `A gallery holds ${MOST} photos: these are the first ${MOST}. Drop the others when these are done.` : "");
}

/* Explain all of them, as the page is set now. */
function explain(listing = {}) {
  halt();
  [question, halted] = [panel.choices(), false];
  view = { ...view, ...listing, show: "all", chosen: null };
  set("gallery-class", { value: PREDICTED, data: [{ value: PREDICTED, label: "Predicted class" }] });
  for (const control of ["order", "show", "search"]) set(`gallery-${control}`, { value: view[control] });
  for (const item of items) item.answer = undefined;
  redraw();
  if (visible()) go();
}

function redraw() {
  drawn = lookNow();
  for (const item of items) cards.draw(item, view.chosen);
  refresh();
}

function refresh() {
  const shown = listed(items, view), answered = shown.filter(({ answer }) => answer);
  cards.arrange(shown);
  set("gallery-show", { data: choices(items) });
  set("gallery-title", { children: shown.length === items.length ? photos(items.length) : `${shown.length} of ${photos(items.length)}` });
  set("gallery-about", { children: about().join(" · ") });
  for (const way of ["csv", "report"]) set(`gallery-${way}`, { disabled: !answered.length });
}

/* How the photos are explained: model, method, layer, and whether anything else is chosen. */
function about() {
  const { model, method } = question, layer = items.find(told)?.answer.layer;
  const changed = Object.keys(question.parameters).length + (question.evidence !== "for") + (question.space !== null);
  return [
    title(models[model]), options.about(method)?.title ?? method, ...(layer ? [layer.split("/").at(-1)] : []),
    ...(changed ? [`${changed} ${changed > 1 ? "options" : "option"} changed`] : []),
  ];
}

/* Ask about all that wait. */
async function go() {
  const asked = waiting();
  if (!asked.length || run) return progress();
  const controller = run = new AbortController(), { signal } = controller;
  halted = false;
  if (noted === "error") note("");
  progress();
  say(`Explaining ${photos(asked.length)}`);
  try {
    await asking.ask(asked, { ...question, layer: null, target: view.chosen, against: null, everything: false }, limits, signal, {
      prepared: (item) => item.answer || cards.draw(item, view.chosen),
      answered: accept,
      note: (sentence) => note(sentence, "busy"),
    });
  } catch (error) {
    if (!(error instanceof asking.Unreachable)) throw error;
    halted = true;
    note(error.message, "error");
  }
  if (run !== controller) return;
  run = null;
  progress();
  if (!waiting().length) say(`Done. ${photos(items.length)}: ${summary(items)}`);
}

function accept(item, answer, left) {
  item.answer = answer;
  cards.draw(item, view.chosen);
  if (answer.classes && items.filter(told).length === 1) offer(answer.classes);
  if (noted === "busy") note("");
  refresh();
  progress(left);
}

const offer = (classes) => set("gallery-class", { data: [
  { value: PREDICTED, label: "Predicted class" }, ...classes.map((label) => ({ value: CLASS + label, label: title(label) })),
] });

function halt() {
  run?.abort();
  run = null;
}

/* Visible to all with each photo; to screen readers each quarter. */
function progress(left = null) {
  const open = waiting().length, done = items.length - open, running = run !== null, visibility = open ? "visible" : "hidden";
  const words = !open ? summary(items) : `${done} of ${items.length}${left === null ? "" : ` · ${timeLeft(left)}`}${running ? "" : " · stopped"}`;
  set("gallery-progress", { children: words });
  set("gallery-bar", { value: String(done), max: String(items.length), style: { visibility } });
  set("gallery-stop", { children: running ? "Cancel" : "Go on", style: { visibility } });
  const quarter = Math.max(1, Math.ceil(items.length / 4));
  if (running && done && open && done % quarter === 0) say(`${done} of ${photos(items.length)} explained`);
}

const say = (sentence) => set("gallery-said", { children: sentence });

function note(sentence, kind = "") {
  noted = kind;
  set("gallery-note", { children: sentence, className: kind });
  set("gallery-again", { hidden: true });
}

function show() {
  page.gallery = "open";
  scrollTo(0, place);
  const opened = last?.isConnected && last.querySelector("button");
  if (opened) opened.focus({ preventScroll: true });
  else focus("gallery-title");
  if (drawn !== lookNow()) redraw();
  if (!halted) go();
  compare();
}

/* Say if the page is set otherwise than when the photos were explained. */
function compare() {
  const now = panel.choices(), differs = (name) => JSON.stringify(now[name]) !== JSON.stringify(question[name]);
  const changed = [
    ...(differs("model") ? ["another model"] : []), ...(differs("method") ? ["another method"] : []),
    ...(["parameters", "evidence", "space"].some(differs) ? ["other options"] : []),
  ];
  note(changed.length ? `The page is set to ${changed.join(" and ")} now.` : "");
  set("gallery-again", { hidden: !changed.length });
}

/* Back to the one photo. What waits is asked about when somebody returns. */
export function leave() {
  if (!visible()) return;
  place = scrollY;
  halt();
  page.gallery = "kept";
  scrollTo(0, 0);
  focus("gallery-return");
}

function choose(value) {
  const chosen = value === PREDICTED ? null : value.slice(CLASS.length);
  if (chosen === view.chosen) return;
  halt();
  view.chosen = chosen;
  for (const { answer } of items.filter(told)) answer.stale = answer.target !== null && answer.target !== wanted(answer);
  redraw();
  go();
}

/* The index of the class that an answer is to explain. */
const wanted = ({ classes, predicted }) => (view.chosen === null ? predicted : classes.indexOf(view.chosen));

function arrange(change) {
  if (Object.entries(change).every(([name, value]) => view[name] === value)) return;
  Object.assign(view, change);
  refresh();
}

const exported = () => ({
  items: listed(items, view).filter(({ answer }) => answer), all: items.length, chosen: view.chosen,
  about: about(), question,
});

export const actions = {
  galleryReceive: asking.receive,
  galleryClass: choose,
  galleryOrder: (order) => arrange({ order }),
  galleryShow: (shown) => arrange({ show: shown }),
  gallerySearch: (search) => arrange({ search }),
  galleryStop: () => {
    halted = run !== null;
    if (!halted) return void go();
    halt();
    progress();
  },
  galleryAgain: () => explain(),
  galleryClose: leave,
  galleryReturn: show,
  galleryCsv: () => deliver(csv(exported()), "csv"),
  galleryReport: () => deliver(report(exported()), "html"),
};

/* `single`: takes a file for the view of the one photo. */
export function start(settings, single) {
  ({ limits, models } = settings);
  take = single;
  asking.start();
  cards.listen(open);
}
