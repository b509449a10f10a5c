/* "What the model saw": the photo as the model's input shows it, before its values are scaled. */
import { set } from "./dash.mjs";
import * as session from "./session.mjs";
import { inputSize } from "./words.mjs";

const PADDING = "rgb(127, 127, 127)"; // as in `explain.preprocessing`

const fold = () => document.getElementById("input");

/* The part of the photo that was seen, in its place, at the size of the input. */
async function draw({ photo, answer: { view, seen: { area }, input: { width, height } } }) {
  const image = new Image();
  image.src = photo.shown;
  await image.decode();
  if (session.current().photo !== photo) return;
  const canvas = document.getElementById("input-photo"), context = canvas.getContext("2d");
  Object.assign(canvas, { width, height });
  context.fillStyle = PADDING;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  const { naturalWidth: across, naturalHeight: down } = image, [x0, y0, x1, y1] = view, [left, top, right, bottom] = area;
  context.drawImage(
    image, x0 * across, y0 * down, (x1 - x0) * across, (y1 - y0) * down,
    left * width, top * height, (right - left) * width, (bottom - top) * height,
  );
}

export function start() {
  session.follow((shown) => {
    set("input-size", { children: inputSize(shown.photo, shown.answer) });
    if (fold().open) draw(shown);
  });
  fold().addEventListener("toggle", () => fold().open && session.current() && draw(session.current()));
}
