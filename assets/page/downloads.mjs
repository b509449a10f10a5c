/* The menu beside the download of the overlay. Each entry of `layouts/download.py` has its maker here, by the same name: from what
   stands on the page to {blob, ending}, or a promise of it. */
import { name, offer } from "./download.mjs";
import { npy } from "./npy.mjs";
import * as panel from "./panel.mjs";
import { fromBase64 } from "./png.mjs";
import * as session from "./session.mjs";

const MOMENT = 500; // ms until it is said that something is on its way
const makers = {};

export const register = (entry, make) => { makers[entry] = make; };

register("map", async (shown) => {
  const { map } = await kept(shown);
  return { blob: npy(fromBase64(map.values), map.shape), ending: "npy" };
});

register("record", async (shown) => {
  const { record } = await kept(shown);
  return { blob: new Blob([`${record}\n`], { type: "application/json" }), ending: "json" };
});

/* The engine's record and raw map of the layer on show. The maps on the page have the steps of a picture, and no record; the server
   has both in its cache, or makes them again. */
async function kept(shown) {
  const { photo, model, method, parameters, target, against, evidence, space, layer } = shown;
  const question = { number: 0, model, method, parameters, layer: layer || null, target, against, evidence, space };
  for (let digest = photo.digest ?? null; ;) {
    const answer = await post({ ...question, digest, photo: digest ? null : photo.sent });
    if (answer.record) return answer;
    if (answer.error) throw new Error(answer.error);
    if (answer.missing) digest = null;
    else await new Promise((resolve) => setTimeout(resolve, 1000 * answer.again));
  }
}

async function post(question) {
  const body = JSON.stringify(question), headers = { "Content-Type": "application/json" };
  const answer = await fetch(new URL("../../record", import.meta.url), { method: "POST", body, headers }).catch(() => null);
  if (!answer) throw new Error("The server can't be reached. Check the connection and try again.");
  if (!answer.ok) throw new Error("Something went wrong on the server. Try again.");
  return answer.json();
}

async function download(entry) {
  const shown = session.current();
  if (!shown) return panel.say("There is nothing to download yet.", "error");
  panel.say("");
  const late = setTimeout(() => panel.say("The download is being made …"), MOMENT);
  try {
    const { blob, ending } = await makers[entry](shown);
    clearTimeout(late);
    panel.say("");
    offer(blob, `${name(shown)}.${ending}`);
  } catch (error) {
    clearTimeout(late);
    panel.say(error.message, "error");
  }
}

export function listen() {
  const menu = document.getElementById("downloads"), handle = menu.querySelector("summary");
  document.addEventListener("click", ({ target }) => {
    const entry = target.closest("#downloads [data-download]");
    if (entry) {
      handle.focus();
      download(entry.dataset.download);
    }
    if (entry || !menu.contains(target)) menu.open = false;
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu.open) return;
    menu.open = false;
    handle.focus();
  });
}
