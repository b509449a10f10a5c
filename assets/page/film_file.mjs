/* The layers as an animation, which the server makes: browsers write none. */
import { handOver } from "./download.mjs";
import { look } from "./look.mjs";
import * as panel from "./panel.mjs";
import * as session from "./session.mjs";

let busy = false;

/* Ask for the film of what stands on the page, "gif" or "webp", and save it. */
export async function saveFilm(kind) {
  const shown = session.current();
  if (busy || !shown) return;
  busy = true;
  document.getElementById("film").setAttribute("aria-busy", "true");
  panel.say("Making the film …");
  try {
    handOver(await make(shown, kind, shown.photo.digest), shown.photo, `layers.${kind}`);
    panel.say("");
  } catch (error) {
    panel.say(error instanceof TypeError ? "The server can't be reached. Check the connection and try again." : error.message, "error");
  }
  busy = false;
  document.getElementById("film").removeAttribute("aria-busy");
}

async function make(shown, kind, digest) {
  const { photo, model, method, parameters, target, against, evidence, space, number } = shown;
  const answer = await fetch(new URL("../../film", import.meta.url), {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ kind, opacity: look.opacity, colormap: look.colormap, question: {
      number, model, method, parameters, target, against, evidence, space, digest, photo: digest ? null : photo.sent,
    } }),
  });
  if (answer.ok) return answer.blob();
  if (answer.status === 409 && digest) return make(shown, kind, null); // the server has forgotten the photo
  const { error, again } = await answer.json().catch(() => ({ error: "The film could not be made. Try again." }));
  if (!again) throw new Error(error);
  panel.say(error);
  await new Promise((done) => setTimeout(done, 1000 * again));
  return make(shown, kind, digest);
}
