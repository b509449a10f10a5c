/* A link that is opened, as its question carries it: what to ask if it can't be answered, and what is not as the link says. */
import { set } from "./dash.mjs";
import { DIVERGING, look, usual } from "./look.mjs";
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
    const { settings, choice: { model, method, parameters } } = this;
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
    const { asked, errors, model: first, settings: { models } } = this, { classes, predicted } = answer;
    const here = (label) => !label || classes.includes(label);
    const listed = asked.layer === ALL || answer.layers.flatMap(({ items }) => items).some(({ value }) => value === asked.layer);
    const { title: now } = options.about(answer.method), unknown = asked.method && !options.about(asked.method);
    if (unknown && model === first) this.say(`There is no method “${asked.method}” here; this is ${now}.`);
    else if (errors.size) this.say(`${[...errors].join(" ")} This is ${now} with its usual options, of the model “${models[model]}”.`);
    if (asked.layer && !listed) this.say(`There is no layer “${asked.layer}” here${layer && `; this is ${layer}`}.`);
    if (!here(asked.class)) this.say(`There is no class “${asked.class}” here; this is ${classes[predicted]}, which is predicted.`);
    if (!here(asked.against)) this.say(`There is no class “${asked.against}” here to compare with.`);
    if (asked.colormap && (asked.colormap === DIVERGING || !Object.hasOwn(look.palettes, asked.colormap))) {
      this.say(`There are no colours “${asked.colormap}” to choose; these are ${title(usual.colormap)}.`);
      set("colormap", { value: usual.colormap });
    }
    if (this.instead.length) panel.say([answer.note, ...this.instead].filter(Boolean).join(" "));
  }
}
