/* Asks the server about one photo after the other. Never about two at once, so that others are not kept waiting; meanwhile the next
   one is opened, and no more than that, because a photo of a phone takes 50 MB while it is open. */
import { set } from "./dash.mjs";
import { Heat } from "./heat.mjs";
import { palette, setPalettes } from "./look.mjs";
import { unpack } from "./maps.mjs";
import * as options from "./options.mjs";
import * as panel from "./panel.mjs";
import { dataURL, LOST, open, PhotoError } from "./photo.mjs";
import { indexed } from "./png.mjs";
import { alive, GONE, LATE, LONG_PATIENCE, noteFailures, PATIENCE, PULSE } from "./server.mjs";
import { me, readAs } from "./session.mjs";
import { nothing } from "./words.mjs";

const THUMBNAIL = 320; // pixels of the longer side
const LAST = 8; // photos whose time says how long the others will take
const AT_LEAST = 3; // of them, before anything is said

const STRANGE = { error: "This photo could not be loaded. Try again, or another one." };

/* The server does not answer at all. */
export class Unreachable extends Error {}

let number = 0;
let pending = null; // {number, since, settle, refuse}: what is asked at this moment

/* Ask about photos until all are answered or the signal says stop. Items are {file, name, thumbnail?}; those that have no thumbnail get
   one on the way. `tell` has {prepared(item), answered(item, answer, ms that the others will take), note(sentence)}; an answer has
   either an `error`, or what the server says and the heat as `picture`. */
export async function ask(items, question, limits, signal, tell) {
  const times = [];
  let coming = prepare(items[0], limits);
  for (const [place, item] of items.entries()) {
    const began = performance.now(), photo = await coming;
    coming = place + 1 < items.length && !signal.aborted && prepare(items[place + 1], limits);
    if (signal.aborted) return;
    tell.prepared(item);
    let answer = photo.error ? photo : await answered(photo, question, signal, tell.note);
    if (answer && !answer.error) answer = await kept(item, answer).catch(() => STRANGE);
    if (!answer || signal.aborted) return;
    times.push(performance.now() - began);
    tell.answered(item, answer, times.length < AT_LEAST ? null : mean(times.slice(-LAST)) * (items.length - place - 1));
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/* What is sent of a photo, or what is wrong with it. */
async function prepare(item, limits) {
  try {
    if (!item.file) return { error: LOST };
    const { sent, shown } = await open(item.file, limits);
    if (shown) item.thumbnail ??= await thumbnail(shown);
    return { sent, display: !item.thumbnail };
  } catch (error) {
    return error instanceof PhotoError ? { error: error.message } : STRANGE;
  }
}

/* A small version of a picture: {src, width, height}. */
async function thumbnail(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  const { naturalWidth, naturalHeight } = image, scale = Math.min(1, THUMBNAIL / Math.max(naturalWidth, naturalHeight));
  const [width, height] = [naturalWidth, naturalHeight].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return { src: await dataURL(await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 })), width, height };
}

/* The answer; none if the signal says stop before. */
async function answered({ sent, display }, question, signal, note) {
  for (;;) {
    const answer = await once({ ...question, photo: sent, display }, signal);
    if (!answer?.again) return answer;
    note(answer.note);
    await new Promise((resolve) => setTimeout(resolve, 1000 * answer.again));
    if (signal.aborted) return null;
  }
}

/* One question and its answer, as `session.mjs` asks; the server's absence is noticed in the same way. */
async function once(question, signal) {
  const mine = ++number, since = performance.now(), patience = options.quick(question) ? PATIENCE : LONG_PATIENCE;
  const data = { ...question, number: mine, page: me, catalog: !palette() };
  let stop, watching;
  try {
    return await new Promise((settle, refuse) => {
      pending = { number: mine, since, settle, refuse };
      stop = () => settle(null);
      signal.addEventListener("abort", stop);
      watching = setInterval(async () => {
        if (!await alive()) refuse(new Unreachable(GONE));
        else if (performance.now() - since > patience) settle({ error: LATE });
      }, PULSE);
      set("gallery-question", { data });
    });
  } finally {
    if (pending?.number === mine) pending = null;
    clearInterval(watching);
    signal.removeEventListener("abort", stop);
    data.photo = null; // Dash keeps all that was ever asked, for an undo that this page does not have
  }
}

export function receive(answer) {
  if (pending && answer?.number === pending.number) pending.settle(answer);
}

export const start = () => noteFailures(() => pending?.since, (error, status) => {
  if (status) pending.settle({ error });
  else pending.refuse(new Unreachable(error));
});

/* What the gallery keeps of an answer: what is said of the photo, and the heat packed at the thumbnail's size. */
async function kept(item, answer) {
  if (answer.catalog) {
    panel.offer(answer.catalog);
    setPalettes(answer.catalog.palettes);
  }
  if (answer.display) item.thumbnail = await thumbnail(answer.display);
  const map = (await unpack(answer.sprite))[answer.layer ?? ""];
  const heat = new Heat(map, readAs(answer));
  const [x0, y0, x1, y1] = answer.view, { width, height } = item.thumbnail;
  const across = Math.max(1, Math.round((x1 - x0) * width)), down = Math.max(1, Math.round((y1 - y0) * height));
  const { sprite, display, catalog, layers, ...said } = answer;
  return {
    ...said, nothing: heat.flat ? nothing(answer).split("\n")[0] : "",
    picture: heat.flat ? null : { signed: heat.signed, ...await indexed(heat.levels(across, down), across, down) },
  };
}
