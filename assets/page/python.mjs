/* A view as the Python that makes it again, with the package `explain`. */

const words = { true: "True", false: "False" };
const literal = (value) => (typeof value === "string" ? JSON.stringify(value) : words[value] ?? String(value));

/* The score that is explained, as `Explainer.explain` takes it; `own`: the space that the method takes by itself. */
function goal({ classes, target, against, evidence, space }, own) {
  const label = (index) => literal(classes[index]), opposite = evidence === "against";
  if (space === own && against === null && !opposite) return label(target);
  if (space === own && against !== null) return `(${(opposite ? [against, target] : [target, against]).map(label).join(", ")})`;
  const sign = opposite ? -1 : 1;
  const weights = [[target, sign], ...(against === null ? [] : [[against, -sign]])];
  const sum = weights.map(([index, weight]) => `${label(index)}: ${weight}`).join(", ");
  return `explain.Target({${sum}}${space === own ? "" : `, space=${literal(space)}`})`;
}

/* The code of what is shown in this look {opacity, colormap, threshold}, by this method of the catalog; `own`: whether the model is
   not among those that are shipped. */
export function python({ model, answer, layer, parameters, photo }, { opacity, colormap, threshold }, method, own) {
  const asked = [
    ["method", literal(answer.method)],
    ...(answer.reach === "network" ? [] : [["layer", literal(layer)]]),
    ...(answer.target === null ? [] : [["target", goal(answer, method.space)]]),
    ...Object.entries(parameters).map(([name, value]) => [name, literal(value)]),
  ];
  const look = [["opacity", opacity], ["colormap", literal(colormap)], ...(threshold > 0 ? [["threshold", threshold]] : [])];
  const given = (pairs) => pairs.map((pair) => pair.join("="));
  return `${[
    "import explain",
    "import models",
    "",
    `explainer = explain.Explainer(models.load(${literal(own ? `path/to/${model}` : model)}))`,
    "e = explainer.explain(",
    `    "photo.jpg",${photo.shrunk ? "  # which the page has made smaller: its values may differ a little" : ""}`,
    ...given(asked).map((one) => `    ${one},`),
    ")",
    `e.overlay(${given(look).join(", ")}).save("overlay.png")`,
  ].join("\n")}\n`;
}
