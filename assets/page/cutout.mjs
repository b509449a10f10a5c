/* The cut-out: only the hottest part of the photo, by the same threshold that hides heat. */
import { set, setSoon } from "./dash.mjs";
import * as look from "./look.mjs";
import { current, onShown, retell } from "./session.mjs";

const HALF = 0.5; // of the largest heat: where the verdict, too, says that it lies
const MOMENT = 150; // ms

let lent = false; // whether the threshold is this module's, because there was none
let fixed = false; // whether the colours can't be chosen
let telling = 0;

/* Whether the threshold is the one that a cut-out starts with. */
export const lends = () => lent;

/* "heat", or "cutout"; without a threshold there would be nothing to cut off, so it starts with one. */
export function show(value) {
  const cutout = value === "cutout";
  if (cutout === look.look.cutout) return;
  if (cutout && !look.look.threshold) move(HALF, true);
  else if (!cutout && lent) move(0, false);
  turn(cutout);
}

/* The same with a threshold, or without one. */
export function bring(value, threshold) {
  const cutout = value === "cutout", least = threshold ?? (cutout ? HALF : look.usual.threshold);
  if (least !== look.look.threshold) setSoon("threshold", least);
  look.setThreshold(least);
  lent = cutout && threshold === undefined;
  if (cutout === look.look.cutout) return;
  setSoon("show", value);
  turn(cutout);
}

function turn(cutout) {
  look.setCutout(cutout);
  set("opacity", { disabled: cutout });
  colours();
  retell();
}

/* A cut-out has no colours, and signed maps have their own. */
function colours() {
  const disabled = look.look.cutout || current()?.answer.shown === "signed";
  if (disabled !== fixed) set("colormap", { disabled });
  fixed = disabled;
}

onShown(colours);

function move(value, mine) {
  look.look.threshold = value;
  set("threshold", { value });
  lent = mine;
}

export function setThreshold(value) {
  if (value === look.look.threshold) return;
  lent = false;
  look.setThreshold(value);
  clearTimeout(telling);
  if (look.look.cutout) telling = setTimeout(retell, MOMENT); // the words follow when the slider rests
}
