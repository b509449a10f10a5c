/* Which photos of a gallery are listed, in which order, and what is said of them. Items are {file, name, thumbnail, answer}; without an
   answer while they wait, with an `error` in it where there is none. */
import { byName } from "./folder.mjs";
import { percent, title } from "./words.mjs";

const SAID = 4; // classes that are counted in words

export const told = ({ answer }) => Boolean(answer && !answer.error);

/* The label of the predicted class. */
export const predicted = ({ answer: { classes, predicted: index } }) => classes[index];

/* The probability that counts: of the chosen class, or of the predicted one. */
export const probability = ({ answer: { classes, probabilities, predicted: index } }, chosen) =>
  probabilities[chosen === null ? index : classes.indexOf(chosen)];

/* How often each class is predicted, the commonest first: [[label, number], ...]. */
export function counts(items) {
  const found = new Map();
  for (const item of items.filter(told)) found.set(predicted(item), (found.get(predicted(item)) ?? 0) + 1);
  return [...found].sort(([a, m], [b, n]) => n - m || byName({ name: a }, { name: b }));
}

const filters = {
  all: () => true,
  failed: ({ answer }) => Boolean(answer?.error),
  unfamiliar: (item) => told(item) && Boolean(item.answer.unfamiliar),
};
export const CLASS = "class "; // before a label, in the choice of what to show

/* What there is to show, with the number of photos of each, as a select wants it. */
export function choices(items) {
  const count = (name) => items.filter(filters[name]).length;
  const choice = (value, words, number) => (number ? [{ value, label: `${words} · ${number}` }] : []);
  return [
    ...choice("all", "All", items.length),
    ...counts(items).flatMap(([label, number]) => choice(CLASS + label, title(label), number)),
    ...choice("unfamiliar", "Unlike what the model learnt from", count("unfamiliar")),
    ...choice("failed", "Could not be explained", count("failed")),
  ];
}

/* The items as they are looked at: {order, show, search, chosen}. What has no probability comes last. */
export function listed(items, { order, show, search, chosen }) {
  const shows = filters[show] ?? ((item) => told(item) && CLASS + predicted(item) === show);
  const words = search.toLowerCase().split(/\s+/);
  const found = items.filter((item) => shows(item) && words.every((word) => item.name.toLowerCase().includes(word)));
  if (order === "name") found.sort(byName);
  const sign = { low: 1, high: -1 }[order];
  const key = (item) => (told(item) ? sign * probability(item, chosen) : Infinity);
  if (sign) found.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return found;
}

export const photos = (number) => (number === 1 ? "1 photo" : `${number} photos`);

/* "12 cat, 8 dog, 1 could not be explained". */
export function summary(items) {
  const all = counts(items), failed = items.filter(filters.failed).length;
  const words = all.slice(0, SAID).map(([label, number]) => `${number} ${label}`);
  if (all.length > SAID) words.push(`${all.slice(SAID).reduce((sum, [, number]) => sum + number, 0)} of ${all.length - SAID} other classes`);
  if (failed) words.push(`${failed} could not be explained`);
  return words.join(", ");
}

/* What the model says of one photo, in words. */
export const verdict = (item) => `${predicted(item)}, ${percent(probability(item, null))}`;

/* Of how many milliseconds are left. */
export function timeLeft(ms) {
  const seconds = ms / 1000;
  if (seconds < 8) return "a few seconds left";
  return seconds < 90 ? `about ${Math.ceil(seconds / 10) * 10} s left` : `about ${Math.round(seconds / 60)} min left`;
}
