/* Samples that the model gets wrong: `samples.json` beside them says what they show, and the page what the model makes of that. */
import { set } from "./dash.mjs";
import * as session from "./session.mjs";
import { mistaken } from "./words.mjs";

export function start() {
  session.follow(({ photo, model, answer }) => {
    const button = photo.file.sample && document.querySelector(`[data-sample="${CSS.escape(photo.file.sample)}"]`);
    const { shows, lessons } = button?.dataset ?? {};
    set("wrong", { children: button ? mistaken(answer, shows, JSON.parse(lessons)[model]) : "" });
  });
}
