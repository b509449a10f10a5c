/* How heat is drawn, the same in every figure: its colours, how opaque it is, and what is hidden; or, as a cut-out, which part of the
   photo is left. Changing it asks the server nothing. */
import { strengths } from "./heat.mjs";
import { fromBase64 } from "./png.mjs";

export const DIVERGING = "blue-orange"; // the colours of signed maps

/* How it is drawn by itself; `start` says in which colours. */
export const usual = { opacity: 0.5, colormap: "", threshold: 0, cutout: false };

export const look = { ...usual, palettes: {} };

export const start = ({ colormap }) => void (usual.colormap = look.colormap = colormap);

const followers = new Set();

/* Be told of every change: {paint, recolour}; `recolour` of those that change more than how the heat's levels are drawn. */
export const follow = (figure) => followers.add(figure);

const paint = () => followers.forEach((figure) => figure.paint());
const recolour = () => followers.forEach((figure) => figure.recolour());

/* The palettes by name, in base64. */
export function setPalettes(palettes) {
  look.palettes = Object.fromEntries(Object.entries(palettes).map(([name, rgb]) => [name, fromBase64(rgb)]));
}

export function setOpacity(opacity) {
  look.opacity = opacity;
  paint();
}

export function setThreshold(threshold) {
  look.threshold = threshold;
  paint();
}

export function setColormap(name) {
  look.colormap = name;
  recolour();
}

export function setCutout(cutout) {
  look.cutout = cutout;
  recolour();
}

/* What a cut-out covers the rest of the photo with, the background of the figure, and the lines there: light and dark differ. */
export function background() {
  const style = getComputedStyle(document.documentElement);
  return { cover: style.getPropertyValue("--stage").trim(), line: style.getPropertyValue("--line").trim() };
}

new MutationObserver(() => look.cutout && recolour())
  .observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });

/* 256 times the same colour. */
const covering = () => {
  const rgb = [1, 3, 5].map((at) => parseInt(background().cover.slice(at, at + 2), 16)); // of #rrggbb
  return Uint8Array.from({ length: 768 }, (_, i) => rgb[i % 3]);
};

/* The colours that a map is drawn in, and its colour bar. */
export const palette = (signed) => look.palettes[signed ? DIVERGING : look.colormap];

/* Whether a level is hidden, which in a cut-out means that the photo is covered there. */
export const hides = (strength) => strength < look.threshold || (look.cutout && strength === 0);

/* How the 256 levels of a map are drawn: their colours (rgb: 768 bytes), opacities (alpha: 256 bytes), and the opacity of all. A signed
   map is transparent at its middle and grows opaque towards half its largest value. */
export function painting(signed) {
  const strong = strengths(signed), each = (value) => Uint8Array.from(strong, (strength) => value(strength));
  if (look.cutout) return { rgb: covering(), alpha: each((strength) => (hides(strength) ? 255 : 0)), opacity: 1 };
  const solid = signed ? (strength) => Math.round(255 * Math.min(1, 2 * strength)) : () => 255;
  return { rgb: palette(signed), alpha: each((strength) => (hides(strength) ? 0 : solid(strength))), opacity: look.opacity };
}
