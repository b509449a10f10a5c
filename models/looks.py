"""How a report looks, in light and in dark, and the few lines of script that it needs."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f6f6; --card: #fff; --line: #dfe5e5; --ink: #14201f; --soft: #52605f; --accent: #16686b;
  --good: #2a9296; --bad: #e0733a; --note: #fbf3e4; --note-ink: #5c4306;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1515; --card: #172020; --line: #2b3838; --ink: #e9f0ef; --soft: #a3b2b1; --accent: #5db1b2;
    --note: #2c2616; --note-ink: #ecd9ae;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 19px; letter-spacing: -0.01em; }
p { margin: 6px 0 12px; max-width: 76ch; }
.soft, footer { color: var(--soft); }
.note { background: var(--note); color: var(--note-ink); border-radius: 10px; padding: 10px 16px; max-width: none; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 22px 24px; margin: 16px 0;
}
footer { padding-bottom: 36px; font-size: 13px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 16px; margin: 16px 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 16px 20px; }
.tile b { display: block; font-size: 28px; line-height: 1.25; letter-spacing: -0.02em; font-weight: 640; }
.tile span { display: block; }
.tile small { display: block; color: var(--soft); font-size: 13px; line-height: 1.4; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin: 16px 0; }
.pair section { margin: 0; }
.figure { height: 380px; }
.figure.square { height: auto; aspect-ratio: 1; max-width: 860px; margin: 0 auto; }
.scroll { overflow: auto; max-height: 520px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 560; color: var(--soft); }
thead th { position: sticky; top: 0; background: var(--card); }
th:first-child, td:first-child, .names td:nth-child(2), .names th:nth-child(2) { text-align: left; }
td.name, th.name { white-space: normal; overflow-wrap: break-word; min-width: 9em; }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
th[aria-sort] button { color: var(--ink); }
th[aria-sort="ascending"] button::after { content: " ▴"; }
th[aria-sort="descending"] button::after { content: " ▾"; }
.matrix { width: auto; margin: 8px 0 12px; border-spacing: 4px; border-collapse: separate; }
.matrix th, .matrix td { border: 0; position: static; text-align: center; }
.matrix td {
  border-radius: 8px; padding: 12px 22px;
  background: color-mix(in srgb, var(--tone) calc(var(--share) * 70%), var(--page));
}
.matrix td b { display: block; font-size: 18px; }
.pair .matrix { width: 100%; }
.pair .matrix td { padding: 46px 12px; width: 45%; }
.pair .matrix td b { font-size: 30px; line-height: 1.3; letter-spacing: -0.02em; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); gap: 24px 20px; }
.mistake { margin: 0; min-width: 0; }
.mistake .pictures { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px; }
.mistake figure { margin: 0; }
.mistake img { display: block; width: 100%; height: auto; max-height: 320px; object-fit: contain; border-radius: 6px; }
.mistake figcaption { font-size: 12px; line-height: 1.35; color: var(--soft); margin-top: 4px; }
.mistake figcaption, .mistake .file, .mistake h3 { overflow-wrap: anywhere; }
.mistake h3 { margin: 0 0 6px; font-size: 15px; font-weight: 560; }
.mistake .file { font-size: 12px; color: var(--soft); margin: 4px 0 0; }
.js-plotly-plot .cartesianlayer text, .js-plotly-plot .infolayer text { fill: var(--ink) !important; }
@media (max-width: 860px) { .pair { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 560px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  header { padding-top: 20px; }
  h1 { font-size: 25px; }
  section { padding: 16px 14px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px; }
  .tile { padding: 12px 14px; }
  .tile b { font-size: 23px; }
  .figure { height: 330px; }
  table { font-size: 13px; }
  th, td { padding: 6px 5px; }
  .sortable { font-size: 12px; }
  .sortable :is(th, td) { padding: 6px 2px; }
  .sortable .name { min-width: 5.5em; }
  .matrix td { padding: 10px 12px; }
  .pair .matrix td { padding: 26px 8px; }
}
@media print { section, .mistake { break-inside: avoid; } .scroll { max-height: none; } }
"""

SCRIPT = """
for (const place of document.querySelectorAll(".figure")) {
  const {data, layout} = JSON.parse(place.nextElementSibling.textContent);
  Plotly.newPlot(place, data, layout, {responsive: true, displayModeBar: false});
}
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const sign = head.ariaSort === "descending" ? 1 : -1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    const value = (row) => row.cells[column].dataset.value;
    const order = (a, b) => column ? a - b : a.localeCompare(b);
    const known = [...body.rows].filter((row) => value(row) !== "");
    const unknown = [...body.rows].filter((row) => value(row) === "");
    body.append(...known.sort((a, b) => sign * order(value(a), value(b))), ...unknown);
  }));
}
"""
