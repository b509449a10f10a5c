/* The results of a gallery as a table (RFC 4180), made of what is here. */
import { handOver } from "./download.mjs";
import { told } from "./gallery-list.mjs";
import { likeliest, unfamiliar } from "./words.mjs";

const FEW = 10; // classes that have a column each
const TOP = 5; // classes that are told of where there are more
const BOM = "\ufeff"; // without it spreadsheets take UTF-8 for something else

/* Text as a spreadsheet is to take it: never as a formula, whatever a file is called. */
const defused = (text) => (/^\s*[=+\-@]|^[\t\r\n]/.test(text) ? `'${text}` : text);

const cell = (value) => {
  const text = typeof value === "string" ? defused(value) : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/* The labels of the likeliest classes and their probabilities, in turn. */
const top = (answer) => likeliest(answer, TOP).flatMap((index) => [answer.classes[index], answer.probabilities[index]]);

/* `all`: {items, chosen, question}, see `gallery.mjs`. */
export function csv({ items, chosen, question: { model, method, parameters, evidence, space } }) {
  const classes = items.find(told)?.answer.classes ?? [], few = classes.length <= FEW;
  const columns = few ? classes : chosen === null ? [] : [chosen];
  const numbered = few ? [] : Array.from({ length: TOP }, (_, n) => [`class ${n + 1}`, `probability ${n + 1}`]).flat();
  const changed = { ...parameters, ...(evidence !== "for" && { evidence }), ...(space !== null && { space }) };
  const setting = Object.keys(changed).length ? JSON.stringify(changed) : "";
  const head = [
    "file", "predicted", "probability", ...columns.map((label) => `probability of ${label}`), ...numbered, "explained", "model", "method",
    "layer", "options", "warning", "error",
  ];
  const rows = items.map((item) => {
    const { name, answer } = item;
    if (!told(item)) return [name, ...Array(head.length - 2).fill(""), answer.error];
    const { probabilities, predicted, target, layer } = answer;
    return [
      name, classes[predicted], probabilities[predicted], ...columns.map((label) => probabilities[classes.indexOf(label)]),
      ...(few ? [] : top(answer)), target === null ? "" : classes[target], model, method, layer, setting,
      answer.unfamiliar ? unfamiliar(answer.unfamiliar) : "", "",
    ];
  });
  return BOM + [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/* Hand a table or page to the browser's downloads. */
export const deliver = (text, kind) =>
  handOver(new Blob([text], { type: `text/${kind};charset=utf-8` }), { name: "whylight" }, `${new Date().toISOString().slice(0, 10)}.${kind}`);
