/* A view as text, for the address: "model=cars&method=grad-cam&set.augment=flip". It stands behind the "#", which browsers keep to
   themselves: no server or proxy sees or logs it, and it means the same whatever path the page lies below. */

const WORDS = ["model", "method", "layer", "class", "against", "evidence", "score", "colormap", "show", "sample"];
const SHARES = ["opacity", "threshold"];
const CHOICES = { evidence: ["for", "against", "both"], show: ["heat", "cutout"], score: ["logit", "probability"] };
const PARAMETER = "set."; // before the name of a method's parameter, as the command line has it
const MOST = { letters: 1000, parameter: 60, parameters: 20 }; // what `callbacks/question.py` takes

/* The text of a view {model, ..., parameters}: what is null or left out is as it is by itself. */
export function write(view) {
  const pairs = new URLSearchParams();
  const put = (name, value) => value !== null && value !== undefined && pairs.set(name, value);
  for (const name of ["model", "method"]) put(name, view[name]);
  for (const [name, value] of Object.entries(view.parameters ?? {})) put(PARAMETER + name, value);
  for (const name of [...WORDS.slice(2), ...SHARES]) put(name, view[name]);
  return pairs.toString().replaceAll("%2F", "/"); // which may stand there as it is, and layers have it
}

/* The view of such a text. What can't be meant (a share above 1, half a text) is left out, and its keys are `ignored`; unknown keys are
   somebody else's. */
export function read(text) {
  const view = { parameters: {}, ignored: [] };
  for (const [key, value] of new URLSearchParams(text.replace(/^#/, ""))) {
    const isParameter = key.startsWith(PARAMETER);
    if (!value || !(isParameter || WORDS.includes(key) || SHARES.includes(key))) continue;
    if (isParameter) parameter(view, key.slice(PARAMETER.length), value);
    else if (!meant(key, value)) view.ignored.push(key);
    else view[key] ??= SHARES.includes(key) ? Number(value) : value;
  }
  return view;
}

function meant(key, value) {
  if (SHARES.includes(key)) return isNumber(value) && value >= 0 && value <= 1;
  return value.length <= MOST.letters && (CHOICES[key]?.includes(value) ?? true);
}

const isNumber = (value) => /^-?\d+(\.\d+)?(e[-+]?\d+)?$/.test(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;

function parameter({ parameters, ignored }, name, value) {
  const known = Object.hasOwn(parameters, name), full = Object.keys(parameters).length >= MOST.parameters;
  if (full || !/^[a-z]\w*$/.test(name) || name.length > MOST.parameter || value.length > MOST.parameter) {
    ignored.push(PARAMETER + name.slice(0, MOST.parameter));
  } else if (!known) {
    parameters[name] = isNumber(value) ? Number(value) : value === "true" ? true : value === "false" ? false : value;
  }
}
