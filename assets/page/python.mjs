/* A view as the Python that makes it again, with the package `explain`. */
import { DIVERGING } from "./look.mjs";
import { ALL } from "./mean.mjs";

const PHOTO = '"photo.jpg"';
const words = { true: "True", false: "False" };
const literal = (value) => (typeof value === "string" ? JSON.stringify(value) : words[value] ?? String(value));
const given = (pairs) => pairs.map((pair) => pair.join("=")).join(", ");

/* The score for or against which there is evidence, as `Explainer.explain` takes it; `own`: the space that the method takes by itself. */
function goal({ classes, target, against, space }, evidence, own) {
  const label = (index) => literal(classes[index]), opposite = evidence === "against";
  if (space === own && against === null && !opposite) return label(target);
  if (space === own && against !== null) return `(${(opposite ? [against, target] : [target, against]).map(label).join(", ")})`;
  const sign = opposite ? -1 : 1;
  const weights = [[target, sign], ...(against === null ? [] : [[against, -sign]])];
  const sum = weights.map(([index, weight]) => `${label(index)}: ${weight}`).join(", ");
  return `explain.Target({${sum}}${space === own ? "" : `, space=${literal(space)}`})`;
}

/* What is not as the file has it. */
function unlike({ edited, shrunk }) {
  if (edited) return "  # on the page parts of it are painted over";
  return shrunk ? "  # which the page has made smaller: its values may differ a little" : "";
}

/* The explanation, or those of all layers. For and against at once, of a method whose maps have no sign, takes both. */
function made({ answer, layer, parameters, photo }, method, { name, call }) {
  const called = (evidence) => [
    `explainer.${call}(`,
    `    ${PHOTO},${unlike(photo)}`,
    ...[
      ["method", literal(answer.method)],
      ...(answer.reach === "network" || layer === ALL ? [] : [["layer", literal(layer)]]),
      ...(answer.target === null ? [] : [["target", goal(answer, evidence, method.space)]]),
      ...Object.entries(parameters).map(([key, value]) => [key, literal(value)]),
    ].map((pair) => `    ${pair.join("=")},`),
    ")",
  ].join("\n");
  if (answer.evidence !== "both") return [`${name} = ${called(answer.evidence)}`];
  if (method.signed) return [`${name} = ${called("for")}`];
  return [`${name} = ${called("for")}`, `against = ${called("against")}`];
}

/* The mean of all layers' heat, as an array. */
const averaged = (signed, different) => [
  ...(different ? ["layers = {name: e.less(against[name]) for name, e in layers.items()}"] : []),
  `heat = sum(e.heat(${signed ? "signed=True" : ""}) for e in layers.values())`,
  "heat = heat / (abs(heat).max() or 1)",
  `pixels, view = explain.open_photo(${PHOTO}).pixels, next(iter(layers.values())).view`,
];

/* The code of what is shown in this look {opacity, colormap, threshold, cutout}, by this method of the catalog; `own`: whether the
   model is not among those that are shipped. */
export function python(shown, { opacity, colormap, threshold, cutout }, method, own) {
  const { answer, layer, model } = shown, signed = answer.shown === "signed", different = signed && !method.signed, all = layer === ALL;
  const colours = literal(signed ? DIVERGING : colormap), least = threshold > 0 ? [["threshold", threshold]] : [];
  const drawn = all
    ? (cutout ? `cutout(pixels, heat, ${threshold})` : `overlay(pixels, heat, view, ${[opacity, colours, ...least.map((pair) => pair[1])].join(", ")})`)
    : (cutout ? `cutout(${given([["threshold", threshold], ...(signed ? [["signed", "True"]] : [])])})`
      : `overlay(${given([["opacity", opacity], ["colormap", colours], ...least])})`);
  return `${[
    "import explain",
    "import models",
    "",
    `explainer = explain.Explainer(models.load(${literal(own ? `path/to/${model}` : model)}))`,
    ...made(shown, method, all ? { name: "layers", call: "explain_layers" } : { name: "e", call: "explain" }),
    ...(all ? averaged(signed, different) : different ? ["e = e.less(against)"] : []),
    `${all ? "explain.drawing" : "e"}.${drawn}.save("${cutout ? "cutout" : "overlay"}.png")`,
  ].join("\n")}\n`;
}
