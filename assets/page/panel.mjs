/* The controls and words beside the figure, as Dash components: what they say, and what is chosen in them. */
import { unpack } from "./maps.mjs";
import { evidence, headline, percent, title, unfamiliar } from "./words.mjs";

export { unpack };

const set = (id, props) => dash_clientside.set_props(id, props);
const html = (type, props) => ({ namespace: "dash_html_components", type, props });

const chosen = {}; // model, method and target, as somebody or the page itself has set them

export const choices = () => ({ model: chosen.model, method: chosen.method });

/* Remember a choice; false if it is no other than before, as when the page itself has set the control. */
export function changed(name, value) {
  if (value === null || chosen[name] === value) return false;
  chosen[name] = value;
  return true;
}

export const busy = (is) => set("verdict", { "aria-busy": String(is) });

export function say(sentence, kind = "note") {
  set("status", { children: sentence, className: sentence ? `status ${kind}` : "status" });
}

export function layersReady(all) {
  set("layer", { description: all ? "In running order; switching is instant" : "The other layers' maps are on their way …" });
}

/* What there is to choose from whatever the model. */
export function offer({ methods, palettes }) {
  set("method", { data: methods });
  set("colormap", { data: Object.keys(palettes).map((name) => ({ value: name, label: title(name) })) });
}

/* The controls as they are for what stands on the page. */
export function choose(shown) {
  const { model, method, layer, answer } = shown, target = String(answer.target ?? answer.predicted);
  Object.assign(chosen, { model, method, target });
  Object.entries({ model, method, layer, target }).forEach(([control, value]) => set(control, { value }));
}

export function show(shown) {
  const { answer } = shown, { classes, predicted } = answer;
  set("target", {
    data: classes.map((name, index) => ({ value: String(index), label: title(name) + (index === predicted ? " (predicted)" : "") })),
    disabled: answer.target === null,
    description: answer.target === null ? "This method looks at no class" : "Explain the score of this class",
  });
  set("layer", { data: answer.layers });
  set("device", { children: answer.device });
  set("classes", { children: bars(answer) });
  set("warning", { children: answer.unfamiliar ? unfamiliar(answer.unfamiliar) : "" });
  choose(shown);
}

function bars({ classes, probabilities, target }) {
  const top = [...classes.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, 5);
  return top.map((index) => html("Button", {
    id: `class-${index}`, key: `class-${index}`, type: "button", className: "bar", "aria-pressed": String(index === target),
    disabled: target === null, title: `Show the evidence for ${classes[index]}`,
    children: [
      html("Span", { className: "bar-name", children: title(classes[index]) }),
      html("Span", { className: "bar-value", children: percent(probabilities[index]) }),
      html("Span", { className: "bar-track", children: html("Span", { style: { width: `${100 * probabilities[index]}%` } }) }),
    ],
  }));
}

export function tell(answer, found) {
  const said = headline(answer);
  set("verdict", { children: [
    html("Strong", { children: `${said}.`, className: said.length > 18 ? "long" : "" }), " ",
    html("Span", { children: evidence(answer, found) }),
  ] });
}
