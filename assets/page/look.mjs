/* How heat is drawn, the same in every figure: its colours, how opaque it is, and what is hidden. Changing it asks the server nothing. */
import { fromBase64 } from "./png.mjs";

export const look = { opacity: 0.5, colormap: "viridis", threshold: 0, palettes: {} };

const followers = new Set();

/* Be told of every change: {paint, recolour}; `recolour` where the colour bar changes as well. */
export const follow = (figure) => followers.add(figure);

const paint = () => followers.forEach((figure) => figure.paint());

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
  followers.forEach((figure) => figure.recolour());
}

/* Opacity of the 256 levels: what is below the threshold is not drawn. */
export const alpha = () => Uint8Array.from({ length: 256 }, (_, level) => (level / 255 < look.threshold ? 0 : 255));

export const palette = () => look.palettes[look.colormap];
