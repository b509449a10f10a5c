/* The view in the address: kept there while it changes, and brought back from it. A view is everything that can be chosen, and the
   sample if one is shown; of any other photo nothing, not even its name, and nothing of what is painted over. */
import { read, write } from "./address.mjs";
import { copy } from "./clipboard.mjs";
import * as cutout from "./cutout.mjs";
import { setSoon } from "./dash.mjs";
import { leave } from "./gallery.mjs";
import { Link } from "./link.mjs";
import { follow, look, setOpacity, usual } from "./look.mjs";
import * as options from "./options.mjs";
import * as panel from "./panel.mjs";
import { original } from "./photo.mjs";
import { python } from "./python.mjs";
import * as session from "./session.mjs";
import { sample } from "./upload.mjs";

const WHILE = 6000; // ms that it is said what was copied
const MOMENT = 200; // ms: browsers refuse an address that changes with each step of a slider

let settings = null;
let waiting = 0; // the timer of the next change of the address
let mentioned = 0; // the timer of what is said for a while
let link = null; // that was opened, until somebody has chosen another class or brought another photo

const stem = (file) => file.replace(/\.[^.]*$/, "");
const shortest = (share) => Number(share.toFixed(2));
const differing = (value, own) => (value === own ? null : value);
const sampleOf = (photo) => original(photo).file.sample;

/* What stands on the page, as `address.mjs` has it; null before the first answer. */
function view() {
  const shown = session.current();
  if (!shown) return null;
  const { answer, photo, layer } = shown, { classes, target, against, predicted, reach } = answer, name = sampleOf(photo);
  return {
    model: differing(shown.model, settings.model),
    method: differing(shown.method, settings.method),
    parameters: shown.parameters,
    layer: reach === "network" ? null : differing(layer, answer.default),
    class: target === null || target === predicted ? null : classes[target],
    against: against === null ? null : classes[against],
    evidence: differing(answer.evidence, "for"),
    score: shown.space,
    show: look.cutout ? "cutout" : null,
    colormap: differing(look.colormap, usual.colormap),
    opacity: differing(shortest(look.opacity), usual.opacity),
    threshold: cutout.lends() ? null : look.cutout ? shortest(look.threshold) : differing(shortest(look.threshold), usual.threshold),
    sample: name ? differing(stem(name), stem(settings.samples[0])) : null,
  };
}

/* The address that brings this view back. */
function address() {
  const text = write(view() ?? {});
  return location.pathname + location.search + (text && `#${text}`);
}

/* Something has changed: the address follows in a moment; that of a link stays until there is an answer to it. */
function keep() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (session.current() && link?.judged !== false) history.replaceState(history.state, "", address());
  }, MOMENT);
}

/* Draw as a view says, and what it leaves out as it is by itself. Which colours there are comes with the first answer: see `Link`. */
function draw({ show = "heat", threshold, opacity = usual.opacity }) {
  cutout.bring(show, threshold);
  if (opacity === look.opacity) return;
  setOpacity(opacity);
  setSoon("opacity", opacity);
}

/* Bring back the view of a link. A photo of one's own stays; else it is the link's sample, or the first one. */
function open(text) {
  const asked = read(text), photo = session.current()?.photo;
  const file = settings.samples.find((name) => stem(name) === asked.sample) ?? settings.samples[0];
  link = new Link(asked, settings);
  const { question } = link, own = photo && !sampleOf(photo);
  leave();
  draw(asked);
  link.set();
  if (own) return session.ask({ ...question, photo });
  if (!file) return panel.idle();
  if (asked.sample && stem(file) !== asked.sample) link.say(`There is no sample “${asked.sample}” here; this is ${stem(file)}.`);
  if (photo?.file.sample === file) return session.ask({ ...question, photo }); // unedited
  return session.take(sample(file), () => question);
}

/* A photo that somebody brings to a link is explained as the link says, and as was chosen since it was opened. */
function promised({ file }, wanted) {
  if (!link) return {};
  if (!link.judged) return wanted?.link === link ? { target: wanted.target } : link.question;
  const target = file.sample ? null : link.asked.class ?? null;
  link = null;
  return { target };
}

export const take = (file) => session.take(file, promised);

/* Say for a while. */
function mention(sentence) {
  panel.say(sentence);
  clearTimeout(mentioned);
  mentioned = setTimeout(() => document.getElementById("status").textContent === sentence && panel.say(""), WHILE);
}

async function copyLink() {
  if (!session.current()) return panel.say("There is nothing to copy yet.", "error");
  const painted = session.current().photo.edited ? ", nor is what was painted over" : "";
  if (await copy(location.origin + address())) mention(`The link is copied. The photo is not part of it${painted}.`);
  else panel.say("The browser does not let this page copy. The link is the page's address: copy it from there.", "error");
}

async function copyPython() {
  const shown = session.current();
  if (!shown) return panel.say("There is nothing to copy yet.", "error");
  const drawn = { ...look, opacity: shortest(look.opacity), threshold: shortest(look.threshold) };
  const text = python(shown, drawn, options.about(shown.answer.method), settings.own.includes(shown.model));
  if (await copy(text)) mention("The code is copied. It needs the photo's path in place of photo.jpg.");
  else panel.say("The browser does not let this page copy.", "error");
}

export function begin(given) {
  settings = given;
  session.onShown((shown) => {
    shown.link?.judge(shown);
    if (link?.judged && shown.target !== (link.asked.class ?? null)) link = null;
    keep();
  });
  session.follow(() => {
    if (link?.judged !== false) return;
    link = null; // could not be asked
    keep();
  });
  follow({ paint: keep, recolour: keep });
  addEventListener("hashchange", () => open(location.hash));
  document.getElementById("copy-link").addEventListener("click", copyLink);
  document.getElementById("copy-python").addEventListener("click", copyPython);
  open(location.hash);
}
