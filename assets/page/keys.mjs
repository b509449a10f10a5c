/* Single keys for what is done often. They are listed in the dialog, act outside of fields only, and can be turned off there, because
   whoever speaks to the computer, or slips, would press them by accident. */
import { set } from "./dash.mjs";
import * as panel from "./panel.mjs";
import * as session from "./session.mjs";

const MEMORY = "whylight-keys"; // in the browser's storage
const FIELDS = "input:not([type=radio], [type=checkbox], [type=file]), textarea, select, [contenteditable], [role=menu], [role=listbox]";

const element = (id) => document.getElementById(id);
const press = (id) => () => element(id).click();

const actions = {
  o: () => document.querySelector("#upload input[type=file]").click(),
  "[": () => step(-1),
  "]": () => step(1),
  c: nextClass,
  m: () => {
    element("method").focus();
    element("method").click();
  },
  "+": press("zoom-in"),
  "=": press("zoom-in"), // the same key without shift
  "-": press("zoom-out"),
  0: press("zoom-all"),
  d: press("download"),
  "?": press("help"),
};

/* The layer before or after the one on show, of those that the method can explain. */
function step(by) {
  const shown = session.current();
  if (!shown || shown.answer.reach === "network") return;
  const layers = shown.answer.layers.flatMap(({ items }) => items).filter(({ disabled }) => !disabled).map(({ value }) => value);
  const next = layers[layers.indexOf(shown.layer) + by];
  if (!next || !panel.changed("layer", next)) return;
  session.chooseLayer(next); // at once: the next key may come before the select tells of it
  set("layer", { value: next });
}

function nextClass() {
  const bars = [...document.querySelectorAll("#classes button")];
  const now = bars.findIndex((bar) => bar.getAttribute("aria-pressed") === "true");
  bars[(now + 1) % bars.length]?.click();
}

function remembered() {
  try {
    return localStorage.getItem(MEMORY) !== "off";
  } catch {
    return true; // this browser keeps nothing
  }
}

function remember(on) {
  try {
    localStorage.setItem(MEMORY, on ? "on" : "off");
  } catch { /* then it holds until the page is closed */ }
}

export function listen() {
  const dialog = element("shortcuts");
  let on = remembered();
  set("shortcuts-on", { checked: on });
  document.addEventListener("keydown", (event) => {
    const typed = event.getModifierState("AltGraph"); // as many keyboards have the brackets
    const combined = event.metaKey || (!typed && (event.ctrlKey || event.altKey));
    if (!on || combined || event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target instanceof Element && event.target.closest(FIELDS)) return;
    const key = event.key.toLowerCase();
    if (!Object.hasOwn(actions, key)) return;
    event.preventDefault();
    actions[key]();
  });
  element("help").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.closest(".close")) dialog.close(); // the dialog itself is what lies around its content
  });
  dialog.addEventListener("change", ({ target }) => {
    if (target.id === "shortcuts-on") remember(on = target.checked);
  });
  element("skip").addEventListener("click", () => element("explanation").focus());
}
