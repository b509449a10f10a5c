/* The results of a gallery as one HTML page that needs nothing but itself: no script, nothing fetched, whatever its texts say. */
import { heatOf, placed } from "./gallery-cards.mjs";
import { background, look } from "./look.mjs";
import { photos, predicted, probability, summary, told, verdict } from "./gallery-list.mjs";
import { percent, reading, title, unfamiliar } from "./words.mjs";

const STYLE = `
:root { color-scheme: light dark; --page: #f4f6f6; --card: #fff; --line: #dfe5e5; --ink: #14201f; --soft: #52605f; --stage: #eef1f1; --accent: #16686b;
  --caution: #6b4a00; --error: #a61b1b; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0f1515; --card: #172020; --line: #2b3838; --ink: #e9f0ef; --soft: #a3b2b1; --stage: #111919; --accent: #5db1b2;
    --caution: #f3d48a; --error: #ffb4ab; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 28px 24px; background: var(--page); color: var(--ink);
  font: 15px/1.45 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 28px; letter-spacing: -0.02em; }
h2 { margin: 34px 0 12px; font-size: 17px; }
.soft, footer, dt { color: var(--soft); }
dl { display: flex; flex-wrap: wrap; gap: 14px 34px; margin: 18px 0; }
dt { font-size: 13px; }
dd { margin: 0; font-weight: 600; }
.reading { max-width: 80ch; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(200px, 44%), 1fr)); gap: 14px; padding: 0; margin: 0; list-style: none; }
.cards li { display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden;
  break-inside: avoid; scroll-margin: 14px; }
.cards li:target { outline: 2px solid var(--accent); }
.shown { aspect-ratio: 4 / 3; display: grid; place-items: center; background: var(--stage); overflow: hidden; }
.photo { position: relative; overflow: hidden; display: block; max-width: 100%; max-height: 100%; }
.photo.wide { width: 100%; }
.photo.tall { height: 100%; }
.photo img { position: absolute; inset: 0; width: 100%; height: 100%; }
.seen { position: absolute; box-shadow: 0 0 0 999px #000000a6; }
.cutout .seen { box-shadow: 0 0 0 999px var(--stage); }
.cutout .seen:empty { background: var(--stage); }
.shown:is(:hover, :focus) .seen { visibility: hidden; }
.shown:focus-visible { outline-offset: -2px; }
.words { display: grid; gap: 2px; padding: 10px 12px 12px; }
.words b { font-size: 16px; }
.words span { font-size: 13px; color: var(--soft); }
.words .caution { color: var(--caution); }
.words .error, td.error { color: var(--error); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 7px 14px; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td:first-child { min-width: 170px; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
a { color: inherit; text-decoration-color: var(--accent); text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--accent); }
footer { margin-top: 34px; font-size: 13px; }
@media print { body { padding: 0; } .photo, .seen { print-color-adjust: exact; } }
`;

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const text = (value) => String(value).replace(/[&<>"']/g, (letter) => ESCAPES[letter]);

/* `items` as they are listed, of `all` photos in the gallery; `chosen`: the class whose probability is told, if not the predicted one;
   `about`: model, method, layer and options in words. */
export function report({ items, all, chosen, about }) {
  const first = items.find(told)?.answer, [model, method, ...how] = about, made = new Date();
  const facts = {
    Model: model, Method: method, ...(first?.layer && { Layer: how.shift() }),
    Class: chosen === null ? "The predicted one of each photo" : title(chosen), ...(how.length && { Options: how[0] }),
    ...(look.cutout && { Shown: `Where the heat is at least ${look.threshold.toFixed(2)}` }),
    Made: made.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" }),
  };
  const count = items.length === all ? photos(all) : `${items.length} of ${photos(all)}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(`${count}, and what a model sees in them`)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${text(count)}</h1>
<p class="soft">${text(summary(items))}</p>
<dl>${Object.entries(facts).map(([name, value]) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`).join("")}</dl>
${first ? `<p class="soft reading">${text(reading(anyClass(first)))} Point at a photo, or go to it by the tab key, to see it as it is.</p>` : ""}
</header>
<main>
<section><h2>Photos</h2><ul ${look.cutout ? `class="cards cutout" style="--stage:${background().cover}"` : 'class="cards"'}>${items.map((item, number) => card(item, number, chosen)).join("\n")}</ul></section>
<section><h2>Table</h2><div class="scroll" tabindex="0" role="region" aria-label="Table">${table(items, chosen)}</div></section>
</main>
<footer>Made with Whylight. The photos are part of this page: whoever gets it gets them.</footer>
</body>
</html>
`;
}

/* What is explained differs from photo to photo where it is the predicted class. */
const anyClass = (answer) => ({ ...answer, classes: answer.classes.map(() => "the class") });

const remark = ({ answer }) => answer.error ?? [answer.unfamiliar && unfamiliar(answer.unfamiliar), answer.nothing].filter(Boolean).join(" ");

const own = (item, chosen) => chosen !== null && `${title(chosen)}: ${percent(probability(item, chosen))}`;

function card(item, number, chosen) {
  const { name, answer, thumbnail } = item, said = told(item) ? title(verdict(item)) : "No answer";
  const lines = [
    `<b>${text(said)}</b>`, `<span>${text(name)}</span>`,
    told(item) && own(item, chosen) ? `<span>${text(own(item, chosen))}</span>` : "",
    remark(item) ? `<span class="${answer.error ? "error" : "caution"}">${text(remark(item))}</span>` : "",
  ];
  return `<li id="photo-${number + 1}">${thumbnail ? `<div class="shown"${told(item) ? ' tabindex="0"' : ""}>${picture(item)}</div>` : ""}<div class="words">${lines.join("")}</div></li>`;
}

function picture(item) {
  const { thumbnail: { src, width, height }, name } = item, heat = told(item) && heatOf(item);
  const over = heat ? `<img src="${heat.src}" alt="" style="opacity:${heat.opacity}">` : "";
  return `<div class="photo ${width / height >= 4 / 3 ? "wide" : "tall"}" style="aspect-ratio:${width}/${height}"><img src="${src}" alt="${text(name)}">`
    + `${told(item) ? `<span class="seen" style="${placed(item)}">${over}</span>` : ""}</div>`;
}

function table(items, chosen) {
  const numbers = ["Probability", ...(chosen === null ? [] : [`Probability of ${chosen}`])];
  const rows = items.map((item, number) => {
    const shares = told(item) ? [probability(item, null), ...(chosen === null ? [] : [probability(item, chosen)])].map(percent) : numbers.map(() => "");
    return `<tr><td><a href="#photo-${number + 1}">${text(item.name)}</a></td><td>${told(item) ? text(title(predicted(item))) : ""}</td>`
      + `${shares.map((share) => `<td class="number">${text(share)}</td>`).join("")}<td${item.answer.error ? ' class="error"' : ""}>${text(remark(item))}</td></tr>`;
  });
  return `<table><thead><tr><th>File</th><th>Predicted</th>${numbers.map((name) => `<th class="number">${text(name)}</th>`).join("")}<th>Remark</th></tr></thead>`
    + `<tbody>${rows.join("\n")}</tbody></table>`;
}
