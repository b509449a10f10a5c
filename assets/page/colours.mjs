/* Which colour maps everybody can read: those whose lightness rises from end to end, so that no hues have to be told apart. People
   who see fewer hues see nearly the same lightness. */
import { DIVERGING } from "./look.mjs";
import { fromBase64 } from "./png.mjs";
import { title } from "./words.mjs";

const SLIP = 1; // how much darker, of 100, a later colour may be

/* CIE lightness of an sRGB colour. */
function lightness(rgb) {
  const [r, g, b] = Array.from(rgb, (byte) => byte / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance;
}

export function readable(palette) {
  let lightest = 0;
  for (let at = 0; at < palette.length; at += 3) {
    const now = lightness(palette.subarray(at, at + 3));
    if (now < lightest - SLIP) return false;
    lightest = Math.max(lightest, now);
  }
  return true;
}

/* The colour maps, {name: palette in base64}, as a select wants them; those of signed maps are no choice. */
export function choices(palettes) {
  const items = Object.keys(palettes).filter((name) => name !== DIVERGING).map((value) => ({ value, label: title(value) }));
  const which = (good) => items.filter(({ value }) => readable(fromBase64(palettes[value])) === good);
  return [
    { group: "For everybody", items: which(true) },
    { group: "Not for colour-blind people", items: which(false) },
  ].filter((group) => group.items.length);
}
