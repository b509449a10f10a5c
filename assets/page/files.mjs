/* Files that the server makes of what stands on the page: all layers as an animation, which browsers can't write, and the engine's own
   record and raw map, of whose values the page has as many steps as a picture. */
import { produce, ofClass } from "./download.mjs";
import { look } from "./look.mjs";
import { ALL } from "./mean.mjs";
import * as panel from "./panel.mjs";
import { request } from "./server.mjs";
import * as session from "./session.mjs";

const save = (address, body, ending, words, part) => produce((shown) =>
  request(address, (digest) => ({ ...body, question: question(shown, digest) }), shown.photo.digest, panel.say), ending, words, part);

/* What stands on the page, as `session.mjs` asks for it. */
function question({ photo, model, method, parameters, layer, target, against, evidence, space, number }, digest) {
  return { number, model, method, parameters, layer: layer || null, target, against, evidence, space, digest, photo: digest ? null : photo.sent };
}

export function saveFilm(kind) {
  const { opacity, colormap, threshold } = look;
  return save("film", { kind, opacity, colormap, threshold }, () => `layers.${kind}`, "Making the film …", document.getElementById("film"));
}

/* The "record", or the raw "map". */
export function saveRecord(kind) {
  if (session.current()?.layer === ALL) {
    return panel.say("The mean of all layers is made in this page. Choose a layer for its record and raw map.", "error");
  }
  return save("record", { kind }, ({ answer }) => `${ofClass(answer)}.${kind === "map" ? "npy" : "json"}`, "The download is being made …");
}
