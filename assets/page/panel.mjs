/* The controls and words beside the figure, as Dash components: what they say, and what is chosen in them. */
import { choices as colourMaps } from "./colours.mjs";
import { html, isEcho, leave, set, setSoon } from "./dash.mjs";
import { unpack } from "./maps.mjs";
import { ALL } from "./mean.mjs";
import * as options from "./options.mjs";
import { caution, coincidence, emptiness, evidence, headline, left, likeliest, reading, sureness, title, unfamiliar } from "./words.mjs";

export { unpack };

const NONE = "none"; // no class, in the select of the class that is subtracted
export const OWN = "own"; // the method's own score
const chosen = { evidence: "for", score: OWN }; // and model, method, layer, target and against, as somebody or the page has set them

export const choices = () => ({
  model: chosen.model, method: chosen.method, parameters: options.parameters(chosen.method), evidence: chosen.evidence,
  space: chosen.score === OWN ? null : chosen.score,
});

/* The index of the class that is chosen to be subtracted, or null. */
export const contrast = () => (chosen.against === NONE ? null : Number(chosen.against));

/* Remember a choice; false if it is no other than before, as when the page itself has set the control. */
export function changed(name, value) {
  if (value === null || chosen[name] === value || isEcho(name, value)) return false;
  leave(name);
  chosen[name] = value;
  return true;
}

export const busy = (is) => set("verdict", { "aria-busy": String(is) });

/* Nothing has been answered so far, and nothing is asked. */
export function idle() {
  busy(false);
  set("verdict", { children: [html("Strong", { children: "No answer yet." }), " ", html("Span", {
    children: "Drop, choose or paste a photo to begin.",
  })] });
}

export function say(sentence, kind = "note") {
  set("status", { children: sentence, className: sentence ? `status ${kind}` : "status" });
}

/* What a choice of another layer means now; `others`: whether the other layers' maps are "here", "coming" or "lost". */
export function layersReady(answer, others) {
  set("layer", { description: {
    network: "This method looks at the whole network",
    layer: "In running order; the server is asked for each",
    layers: {
      here: "In running order; switching is instant",
      coming: "The other layers' maps are on their way …",
      lost: "The other layers' maps did not come; choosing one asks again",
    }[others],
  }[answer.reach] });
}

/* Name another layer than the select did; the mean of all is none of those that it lists. */
export function nameLayer(layer) {
  chosen.layer = layer === ALL ? null : layer;
  setSoon("layer", chosen.layer);
}

/* What there is to choose from whatever the model. */
export function offer({ methods, choices: data, palettes }) {
  options.offer(methods);
  options.draw(chosen.method);
  set("method", { data });
  set("colormap", { data: colourMaps(palettes) });
}

/* The controls as they are for what stands on the page. */
export function choose(shown) {
  const { model, method, layer, evidence: side, space, answer } = shown;
  const controls = {
    model, method, layer: answer.reach === "network" || layer === ALL ? null : layer, target: String(answer.target ?? answer.predicted),
    against: answer.against === null ? NONE : String(answer.against), evidence: side, score: space ?? OWN,
  };
  Object.keys(controls).forEach(leave);
  Object.assign(chosen, controls);
  Object.entries(controls).forEach(([control, value]) => set(control, { value }));
  options.restore(method, shown.parameters);
  options.count(shown);
}

/* Set controls before there is an answer to what they say; another one may follow at once. */
export function preset(controls, parameters) {
  for (const [control, value] of Object.entries(controls)) if (chosen[control] !== value) setSoon(control, value);
  Object.assign(chosen, controls);
  options.restore(chosen.method, parameters);
}

/* Every option as it is by itself. */
export const reset = () => preset({ against: NONE, evidence: "for", score: OWN }, {});

export function show(shown) {
  const { answer } = shown, { classes, predicted } = answer, without = answer.target === null;
  const data = classes.map((name, index) => ({
    value: String(index), label: title(name) + (index === predicted ? " (predicted)" : ""),
  }));
  set("target", {
    data, disabled: without, description: without ? "This method looks at no class" : "Explain the score of this class",
  });
  set("against", {
    data: [{ value: NONE, label: "No other class" }, ...data.map((one, index) => ({ ...one, disabled: index === answer.target }))],
    disabled: without, description: coincidence(shown),
  });
  const method = options.about(answer.method), own = method?.space;
  set("evidence", { disabled: without });
  set("score", { disabled: without, data: [
    { value: OWN, label: own ? `The method's own: ${own}` : "The method's own" },
    { value: "logit", label: "Logit" }, { value: "probability", label: "Probability" },
  ] });
  set("layer", {
    data: answer.layers, disabled: answer.reach === "network", placeholder: answer.reach === "network" ? "The whole network" : "All layers, their mean",
  });
  set("device", { children: answer.device });
  set("classes", { children: bars(answer) });
  set("warning", { children: answer.unfamiliar ? unfamiliar(answer.unfamiliar) : "" });
  set("about", { children: method ? described(method) : "" });
  choose(shown);
}

/* What a method is good for and how it fails; where it comes from when somebody points at its name. */
const described = ({ title: name, paper, equation, symbols, use, limits }) => [
  html("Strong", { children: `${name}.`, title: `${paper}\n${equation}\n${symbols}` }), ` ${use} ${limits}`,
];

function bars(answer) {
  const { classes, probabilities, target, before } = answer;
  return likeliest(answer, 5).map((index) => [index, ...sureness(answer, index)]).map(([index, now, was]) => html("Button", {
    id: `class-${index}`, key: `class-${index}`, type: "button", className: "bar", "aria-pressed": String(index === target),
    disabled: target === null, title: `Show the evidence for ${classes[index]}`,
    children: [
      html("Span", { className: "bar-name", children: title(classes[index]) }),
      html("Span", { className: "bar-value", children: now }),
      html("Span", { className: "bar-track", children: [
        html("Span", { key: "now", style: { width: `${100 * probabilities[index]}%` } }),
        before && html("I", { key: "before", className: "before", style: { left: `${100 * before[index]}%` }, title: was }),
      ] }),
    ],
  }));
}

export function tell(answer, found, kept) {
  const [said, was] = headline(answer);
  set("reading", { children: found && !found.share ? emptiness(answer).join(" ") : reading(answer) });
  set("caution", { children: answer.edited ? caution(answer.edited) : "" });
  set("verdict", { children: [
    html("Strong", { className: said.length > 18 || was ? "long" : "", children: was
      ? [said, " ", html("Span", { className: "before", children: `(${was})` }), "."] : `${said}.` }), " ",
    html("Span", { children: kept && found?.share ? left(answer, kept) : evidence(answer, found) }),
  ] });
}
