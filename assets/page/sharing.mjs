/* The view in the address: kept there while it changes, and brought back from it. A view is everything that can be chosen, and the
   sample if one is shown; of any other photo nothing, not even its name. */
import { read, write } from "./address.mjs";
import { copy } from "./clipboard.mjs";
import { set } from "./dash.mjs";
import { look } from "./figure.mjs";
import * as options from "./options.mjs";
import * as panel from "./panel.mjs";
import { python } from "./python.mjs";
import * as session from "./session.mjs";
import { sample } from "./upload.mjs";
import { title } from "./words.mjs";

const WHILE = 6000; // ms that it is said what was copied
const MOMENT = 200; // ms: browsers refuse an address that changes with each step of a slider
const usual = { opacity: look.opacity, threshold: look.threshold, colormap: look.colormap };

let settings = null;
let waiting = 0; // the timer of the next change of the address
let link = null; // that was opened, until somebody has chosen another class or brought another photo

const stem = (file) => file.replace(/\.[^.]*$/, "");
const shortest = (share) => Number(share.toFixed(2));
const differing = (value, own) => (value === own ? null : value);

/* What stands on the page, as `address.mjs` has it; null before the first answer. */
export function view() {
  const shown = session.current();
  if (!shown) return null;
  const { answer, photo, layer } = shown, { classes, target, against, predicted, reach } = answer;
  return {
    model: differing(shown.model, settings.model),
    method: differing(shown.method, settings.method),
    parameters: shown.parameters,
    layer: reach === "network" ? null : differing(layer, answer.default),
    class: target === null || target === predicted ? null : classes[target],
    against: against === null ? null : classes[against],
    evidence: differing(answer.evidence, "for"),
    score: shown.space,
    colormap: differing(look.colormap, usual.colormap),
    opacity: differing(shortest(look.opacity), usual.opacity),
    threshold: differing(shortest(look.threshold), usual.threshold),
    sample: photo.sample ? differing(stem(photo.sample), stem(settings.samples[0])) : null,
  };
}

/* The address that brings this view back. */
function address() {
  const text = write(view() ?? {});
  return location.pathname + location.search + (text && `#${text}`);
}

/* Something has changed: the address follows in a moment. */
export function keep() {
  clearTimeout(waiting);
  waiting = setTimeout(() => session.current() && history.replaceState(history.state, "", address()), MOMENT);
}

/* A link that is opened, as its question carries it: what to ask if it can't be answered, and what is not as the link says. */
class Link {
  constructor(asked) {
    this.asked = asked;
    this.instead = [];
    this.errors = new Set();
    this.judged = false;
    const { model = settings.model, method = settings.method } = asked;
    const known = Object.hasOwn(settings.models, model);
    if (!known) this.say(`There is no model “${model}” here; this is ${settings.models[settings.model]}.`);
    this.model = known ? model : settings.model;
    this.choice = { model: this.model, method, parameters: asked.parameters };
  }

  say(sentence) {
    this.instead.push(sentence);
  }

  get question() {
    return { target: this.asked.class ?? null, against: this.asked.against ?? null, layer: this.asked.layer ?? null, link: this };
  }

  set() {
    const { evidence = "for", score = panel.OWN } = this.asked;
    const { model, method, parameters } = this.choice;
    panel.preset({ model, method, evidence, score }, parameters);
  }

  /* The server knows why it can't answer, but not which name came from a link: parameters, method and model are given up in turn. */
  refused(error) {
    const { model, method, parameters } = this.choice;
    if (Object.keys(parameters).length) this.choice.parameters = {};
    else if (method !== settings.method) this.choice.method = settings.method;
    else if (model !== settings.model) this.choice.model = settings.model;
    else return false;
    this.errors.add(error);
    this.set();
    session.ask(this.question);
    return true;
  }

  /* Say what the link names and is not here, now that there is an answer. */
  judge({ answer, layer, model }) {
    if (this.judged) return;
    this.judged = true;
    const { asked, errors, model: first } = this, { classes, predicted } = answer, here = (label) => !label || classes.includes(label);
    const listed = answer.layers.flatMap(({ items }) => items).some(({ value }) => value === asked.layer);
    const { title: now } = options.about(answer.method), unknown = asked.method && !options.about(asked.method);
    if (unknown && model === first) this.say(`There is no method “${asked.method}” here; this is ${now}.`);
    else if (errors.size) this.say(`${[...errors].join(" ")} This is ${now} with its usual options, of the model “${settings.models[model]}”.`);
    if (asked.layer && !listed) this.say(`There is no layer “${asked.layer}” here${layer && `; this is ${layer}`}.`);
    if (!here(asked.class)) this.say(`There is no class “${asked.class}” here; this is ${classes[predicted]}, which is predicted.`);
    if (!here(asked.against)) this.say(`There is no class “${asked.against}” here to compare with.`);
    if (asked.colormap && !Object.hasOwn(look.palettes, asked.colormap)) {
      this.say(`There are no colours “${asked.colormap}”; these are ${title(usual.colormap)}.`);
      set("colormap", { value: usual.colormap });
    }
    if (this.instead.length) panel.say([answer.note, ...this.instead].filter(Boolean).join(" "));
  }
}

/* Bring back the view of a link. A photo of one's own stays; else it is the link's sample, or the first one. */
function open(text) {
  const asked = read(text), own = session.current() && !session.current().photo.sample;
  const file = settings.samples.find((name) => stem(name) === asked.sample) ?? settings.samples[0];
  link = new Link(asked);
  for (const name of Object.keys(usual)) {
    const value = asked[name] ?? usual[name];
    if (value !== look[name]) set(name, { value });
  }
  link.set();
  if (own) return session.ask(link.question);
  if (!file) return panel.say("Drop, choose or paste a photo to begin.");
  if (asked.sample && stem(file) !== asked.sample) link.say(`There is no sample “${asked.sample}” here; this is ${stem(file)}.`);
  const { question } = link;
  return session.take(sample(file), () => question);
}

/* A photo that somebody brings to a link is explained as the link says. */
function promised(photo) {
  if (!link) return {};
  if (!link.judged) return link.question;
  const target = photo.sample ? null : link.asked.class ?? null;
  link = null;
  return { target };
}

export const take = (file) => session.take(file, promised);

/* Say for a while. */
function mention(sentence) {
  panel.say(sentence);
  setTimeout(() => document.getElementById("status").textContent === sentence && panel.say(""), WHILE);
}

export function begin(given) {
  settings = given;
  session.whenShown((shown) => {
    if (shown.link) shown.link.judge(shown);
    else if (link?.judged && shown.target !== link.asked.class) link = null;
    keep();
  });
  addEventListener("hashchange", () => open(location.hash));
  document.getElementById("copy-link").addEventListener("click", async () => {
    if (await copy(location.origin + address())) mention("The link is copied. The photo is not part of it.");
    else panel.say("The browser does not let this page copy. The link is the page's address: copy it from there.", "error");
  });
  document.getElementById("copy-python").addEventListener("click", async () => {
    const shown = session.current();
    if (!shown) return panel.say("There is nothing to copy yet.", "error");
    const drawn = { ...look, opacity: shortest(look.opacity), threshold: shortest(look.threshold) };
    const text = python(shown, drawn, options.about(shown.answer.method), settings.own.includes(shown.model));
    if (await copy(text)) mention("The code is copied. It needs the photo's path in place of photo.jpg.");
    else panel.say("The browser does not let this page copy.", "error");
  });
  open(location.hash);
}
