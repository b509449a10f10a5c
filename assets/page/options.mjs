/* The fold "Options": the controls of a method's parameters, made from what the registry says of them, and what is chosen there. Of
   each method the page remembers what differs from the defaults. */
import { html, mantine, set } from "./dash.mjs";
import { title } from "./words.mjs";

const NUMBER = "a number"; // the choice of a parameter that may be a name or a number; no name has spaces
const MOMENT = 600; // ms that somebody who types a number may pause

let methods = { __proto__: null }; // by name, as `callbacks/catalog.py` says; an address may ask for any name
let drawn = ""; // the method whose parameters are on the page
const chosen = { __proto__: null }; // what differs from the defaults, by method and name

export function offer(all) {
  methods = { __proto__: null, ...all };
}

/* What the registry says of a method; nothing before the first answer. */
export const about = (name) => methods[name];

export const parameters = (name) => ({ ...chosen[name] });

/* Whether a question takes one pass through the network, whatever the number of layers. */
export const quick = ({ method, parameters: { augment } }) => !methods[method] || (methods[method].one_pass && !augment);

/* Of some parameters of a method those that are not as they are by themselves; all of them while nothing is known of the method. */
export function differing(method, values) {
  const usual = (name) => methods[method]?.parameters.find((parameter) => parameter.name === name)?.default;
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== usual(name)));
}

const valueOf = (method, { name, default: usual }) => chosen[method]?.[name] ?? usual;
const identifier = (option, kind) => ({ option, kind });

/* Show the controls of a method. */
export function draw(method) {
  drawn = method;
  const children = (methods[method]?.parameters ?? []).map((parameter) => html("Div", {
    key: `${method} ${parameter.name}`, className: parameter.choices.length && parameter.number ? "option both" : "option",
    children: controls(parameter, valueOf(method, parameter)),
  }));
  set("parameters", { children });
}

function controls(parameter, value) {
  const { name, choices, number, boolean, least, most, whole } = parameter;
  const words = { label: title(name.replaceAll("_", " ")), description: title(parameter.description) };
  if (boolean) return mantine("Switch", { id: identifier(name, "switch"), checked: value, size: "sm", ...words });
  const named = typeof value === "string", both = choices.length > 0 && number;
  const found = [];
  if (choices.length) {
    found.push(mantine("Select", {
      id: identifier(name, "choice"), value: named ? value : NUMBER, allowDeselect: false, comboboxProps: { shadow: "md" }, ...words,
      data: [...choices, ...(both ? [NUMBER] : [])].map((one) => ({ value: one, label: title(one.replaceAll("_", " ")) })),
    }));
  }
  if (number) {
    found.push(mantine("NumberInput", {
      id: identifier(name, "number"), value: named ? "" : value, min: least, ...(most !== null && { max: most }), debounce: MOMENT,
      step: whole || most === null ? 1 : (most - least) / 20, allowDecimal: !whole, allowNegative: least < 0,
      ...(both ? { disabled: named, "aria-label": `${words.label}: ${NUMBER}` } : words),
    }));
  }
  return found;
}

/* Take what stands in the controls, [{id, value}, ...]; whether that is another question. */
export function read(inputs) {
  const before = text(chosen[drawn]);
  for (const { id: { option, kind }, value } of inputs) {
    const parameter = methods[drawn]?.parameters.find(({ name }) => name === option);
    if (parameter) choose(parameter, kind, value);
  }
  return before !== text(chosen[drawn]);
}

function choose(parameter, kind, value) {
  const { name, choices, least, number } = parameter, before = valueOf(drawn, parameter), named = typeof before === "string";
  if (kind === "number" ? typeof value !== "number" || named : value === null || value === undefined) return; // not typed to its end
  let after = value;
  if (kind === "choice" && choices.length && number) {
    if (value === NUMBER) after = named ? least : before;
    if (after !== before) set(identifier(name, "number"), { disabled: value !== NUMBER, value: value === NUMBER ? after : "" });
  }
  const { [name]: _, ...others } = chosen[drawn] ?? {};
  chosen[drawn] = after === parameter.default ? others : { ...others, [name]: after };
}

/* Go back to these parameters of a method, all others as they are by themselves. */
export function restore(method, values) {
  const before = text(chosen[method]);
  chosen[method] = differing(method, values);
  if (before !== text(chosen[method]) || method !== drawn) draw(method);
}

/* The same for the same values, in whatever order they were chosen. */
const text = (values = {}) => JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/* Say how many of a question's options are not as they are by themselves. */
export function count({ method, parameters: own, against, evidence, space }) {
  const others = [against !== null, evidence !== "for", space !== null].filter(Boolean).length;
  const all = Object.keys(own).length + (about(method)?.space === null ? 0 : others);
  set("options-changed", { children: all ? `${all} changed` : "" });
  set("reset", { hidden: !all });
}
