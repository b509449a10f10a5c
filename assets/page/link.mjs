/* A link that is opened, as its question carries it: what to ask if it can't be answered, and what is not as the link says. */
import { setSoon } from "./dash.mjs";
import { DIVERGING, look, setColormap, usual } from "./look.mjs";
import { ALL } from "./mean.mjs";
import * as options from "./options.mjs";
import * as panel from "./panel.mjs";
import * as session from "./session.mjs";
import { title } from "./words.mjs";

export class Link {
  /* `asked`: a view, see `address.mjs`; `settings`: those of the page. */
  constructor(asked, settings) {
    this.asked = asked;
    this.settings = settings;
    this.instead = [];
    this.errors = new Set();
    this.judged = false;
    const { model = settings.model } = asked;
    const known = Object.hasOwn(settings.models, model);
    if (!known) this.say(`There is no model “${model}” here; this is ${settings.models[settings.model]}.`);
    this.model = known ? model : settings.model;
  }

  say(sentence) {
    this.instead.push(sentence);
  }

  get question() {
    return { target: this.asked.class ?? null, against: this.asked.against ?? null, layer: this.asked.layer ?? null, link: this };
  }

  set() {
    const { method = this.settings.method, evidence = "for", score = panel.OWN, parameters } = this.asked;
    panel.preset({ model: this.model, method, evidence, score }, parameters);
  }

  /* The server knows what is wrong with a choice, but not which one came from a link: parameters, method and model are given up in turn. */
  refused(error) {
    const { settings } = this, { model, method, parameters } = panel.choices();
    if (Object.keys(parameters).length) panel.preset({}, {});
    else if (method !== settings.method) panel.preset({ method: settings.method }, {});
    else if (model !== settings.model) panel.preset({ model: settings.model }, {});
    else return false;
    this.errors.add(error);
    session.ask({});
    return true;
  }

  /* Draw in the link's colours, and say what it names and is not here, now that there is an answer. Others may have been chosen since. */
  judge({ answer, layer, model, target }) {
    if (this.judged) return;
    this.judged = true;
    const { asked, errors, model: first, settings: { models } } = this, { classes, predicted } = answer;
    const here = (label) => !label || classes.includes(label), instead = layer && `; this is ${layer}`;
    const listed = session.layersOf(answer).some(({ value }) => value === asked.layer);
    const { title: now } = options.about(answer.method), unknown = asked.method && !options.about(asked.method);
    if (unknown && model === first) this.say(`There is no method “${asked.method}” here; this is ${now}.`);
    else if (errors.size) this.say(`${[...errors].join(" ")} This is ${now} with its usual options, of the model “${models[model]}”.`);
    if (asked.layer === ALL && answer.reach !== "layers") this.say(`${now} has no mean of all layers${instead}.`);
    if (asked.layer && asked.layer !== ALL && !listed) this.say(`There is no layer “${asked.layer}” here${instead}.`);
    if (!target && !here(asked.class)) this.say(`There is no class “${asked.class}” here; this is ${classes[predicted]}, which is predicted.`);
    if (!here(asked.against)) this.say(`There is no class “${asked.against}” here to compare with.`);
    this.colour();
    if (asked.ignored.length) this.say(`Not understood in the link, and so left as usual: ${[...new Set(asked.ignored)].join(", ")}.`);
    if (this.instead.length) panel.say([answer.note, ...this.instead].filter(Boolean).join(" "));
  }

  colour() {
    const { colormap = usual.colormap } = this.asked, there = colormap !== DIVERGING && Object.hasOwn(look.palettes, colormap);
    const now = there ? colormap : usual.colormap;
    if (!there) this.say(`There are no colours “${colormap}” to choose; these are ${title(now)}.`);
    if (now === look.colormap) return;
    setColormap(now);
    setSoon("colormap", now);
  }
}
