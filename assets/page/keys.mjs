/* Single keys for what is done often. They are listed in the dialog, rest in fields and in dialogs, and can be turned off there, because
   whoever speaks to the computer, or slips, would press them by accident. */
import { set } from "./dash.mjs";

const MEMORY = "whylight-keys"; // in the browser's storage
export const FIELDS = "input:not([type=radio], [type=checkbox], [type=file]), textarea, select, [contenteditable], [role=menu], [role=listbox]";

/* What an arrow key means: [right, down]. */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const ANYWHERE = ["o", "?"]; // the others act on the one photo, which the gallery covers

const HELD = ["[", "]", "+", "-", "="]; // go on while they are held

const element = (id) => document.getElementById(id);
const press = (id) => () => element(id).click();

const actions = {
  o: () => document.querySelector("#upload input[type=file]")?.click(),
  "[": press("film-previous"),
  "]": press("film-next"),
  p: press("film-play"),
  c: nextClass,
  m: () => {
    element("method").focus();
    element("method").click();
  },
  x: () => document.querySelector("#show input:not(:checked)").click(),
  v: press("compare"),
  w: press("what-if"),
  "+": press("zoom-in"),
  "=": press("zoom-in"), // the same key without shift
  "-": press("zoom-out"),
  0: press("zoom-all"),
  d: press("download"),
  "?": press("help"),
};

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
    if (!(event instanceof KeyboardEvent)) return; // browsers that fill in a field send others
    const typed = event.getModifierState("AltGraph"); // as many keyboards have the brackets
    const combined = event.metaKey || (!typed && (event.ctrlKey || event.altKey));
    if (!on || combined || event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target instanceof Element && event.target.closest(FIELDS)) return;
    const key = event.key.toLowerCase();
    if (!Object.hasOwn(actions, key) || (event.repeat && !HELD.includes(key))) return;
    if (document.body.dataset.gallery === "open" && !ANYWHERE.includes(key)) return;
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
  element("skip").addEventListener("click", () => element("verdict").focus());
}
