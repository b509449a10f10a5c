/* The photo at its own size with the heat over it, or what a cut-out leaves of it, as PNG that says in its metadata what it shows. */
import { UNSEEN, figure } from "./figure.mjs";
import { look, painting } from "./look.mjs";
import * as panel from "./panel.mjs";
import { bitmapOf, PhotoError } from "./photo.mjs";
import { withTexts } from "./png.mjs";
import * as session from "./session.mjs";

const MOMENT = 300; // ms until it is said that something is on its way

let busy = false;

/* Hand over what `make` makes of what stands on the page; `part`: the element that is busy meanwhile. */
export async function produce(make, ending, words, part = null) {
  const shown = session.current();
  if (!shown) return panel.say("There is nothing to download yet.", "error");
  if (busy) return panel.say("A download is being made already.");
  busy = true;
  part?.setAttribute("aria-busy", "true");
  panel.say("");
  const late = setTimeout(() => panel.say(words), MOMENT);
  try {
    handOver(await make(shown), shown.photo, ending(shown));
    clearTimeout(late);
    panel.say("");
  } catch (error) {
    clearTimeout(late);
    panel.say(error.message, "error");
  }
  busy = false;
  part?.removeAttribute("aria-busy");
}

async function compose(photo, view) {
  const bitmap = await bitmapOf(photo.file), { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const [left, right] = [view[0], view[2]].map((share) => Math.round(share * width));
  const [top, bottom] = [view[1], view[3]].map((share) => Math.round(share * height));
  const image = context.getImageData(0, 0, width, height), { data } = image;
  const { heat } = figure, levels = heat?.levels(right - left, bottom - top);
  const { rgb, alpha, opacity } = painting(Boolean(heat?.signed)), drawn = heat && !heat.flat;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const seen = x >= left && x < right && y >= top && y < bottom;
      const level = seen && drawn ? levels[(y - top) * (right - left) + x - left] : 0;
      if (look.cutout) {
        if (!seen || !drawn || alpha[level]) data[at + 3] = 0;
        continue;
      }
      const share = !seen ? 1 - UNSEEN : drawn ? opacity * alpha[level] / 255 : 0;
      for (let c = 0; c < 3 && share; c++) data[at + c] += share * ((seen ? rgb[3 * level + c] : 0) - data[at + c]);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/* The class that is explained, as part of a file's name. */
export const ofClass = ({ classes, target, predicted }) => classes[target ?? predicted].replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase();

/* A browser has less room for a picture than the server has for a photo. */
const picture = ({ photo, answer }) => compose(photo, answer.view).catch((error) => {
  throw error instanceof PhotoError ? error : new Error("This browser can't draw a picture as large as this photo. Use a smaller one.");
});

/* The picture as a download; `texts`: what it says of itself. */
export const save = (texts) => produce(
  async (shown) => withTexts(await picture(shown), texts(shown)),
  ({ answer }) => `${ofClass(answer)}${look.cutout ? "-cut-out" : ""}.png`,
  "The picture is being made …", document.getElementById("download"));

/* Hand a file to the browser's downloads, under the photo's name and an ending. */
export function handOver(blob, photo, ending) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${photo.name.replace(/\.[^.]*$/, "")}-${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
