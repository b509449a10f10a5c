/* The cards of a gallery: photo, heat, what the model says. Each has its place from the start and fills it when its answer is here. */
import { predicted, probability, told, verdict } from "./gallery-list.mjs";
import { look, painting } from "./look.mjs";
import { coloured } from "./png.mjs";
import { percent, title, unfamiliar } from "./words.mjs";

const list = () => document.getElementById("gallery-cards");

function element(tag, className = "", content = [], attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...[content].flat());
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/* The heat in the colours that are chosen, or what a cut-out covers: {src, opacity}; none where there is nothing to show. */
export function heatOf({ answer: { picture, stale } }) {
  if (!picture || stale) return null;
  const { rgb, alpha, opacity } = painting(picture.signed);
  return { src: coloured(picture, rgb, alpha), opacity };
}

/* Where the part that the model saw lies, as style. */
export const placed = ({ answer: { view: [x0, y0, x1, y1] } }) =>
  `left:${100 * x0}%;top:${100 * y0}%;width:${100 * (x1 - x0)}%;height:${100 * (y1 - y0)}%`;

/* "photo.jpg: cat, 98 %", and what else is to be known of it. */
function name(item, chosen) {
  const { name: file, answer } = item;
  const other = chosen !== null && chosen !== predicted(item) ? `; ${chosen}, ${percent(probability(item, chosen))}` : "";
  return `${file}: ${verdict(item)}${other}${answer.unfamiliar ? "; unlike what the model learnt from" : ""}`;
}

function picture(item) {
  const { thumbnail, answer } = item;
  if (!thumbnail) return [];
  const { src, width, height } = thumbnail, parts = [image(src)];
  if (told(item)) {
    const heat = heatOf(item);
    parts.push(element("span", "seen", heat ? image(heat.src, { style: `opacity:${heat.opacity}` }) : [], { style: placed(item) }));
  }
  return [
    element("span", `photo ${width / height >= 4 / 3 ? "wide" : "tall"}`, parts, { style: `aspect-ratio:${width}/${height}` }),
    ...(told(item) && answer.nothing && !answer.stale ? [element("span", "nothing", answer.nothing)] : []),
    ...(told(item) && answer.unfamiliar ? [element("span", "unlike", "", { title: unfamiliar(answer.unfamiliar) })] : []),
  ];
}

/* Not to be dragged: it would come back as a file. */
const image = (src, more = {}) => element("img", "", [], { src, alt: "", draggable: "false", ...more });

/* Draw an item's card, or draw it again. `chosen`: the class whose probability is told, if not the predicted one. */
export function draw(item, chosen) {
  const { name: file, answer } = item, focused = item.card?.contains(document.activeElement);
  item.card ??= element("li");
  item.card.className = answer?.error ? "failed" : answer && !answer.stale ? "" : "waiting";
  const shown = element("span", "shown", answer?.error ? element("span", "error", answer.error) : picture(item));
  const said = told(item) ? title(verdict(item)) : answer ? "No answer" : "…";
  const words = [element("span", "said", said, { title: said }), element("span", "file", file.split("/").at(-1), { title: file })];
  if (told(item)) words.push(...shares(item, chosen));
  const parts = [shown, element("span", "words", words)];
  const card = told(item) ? element("button", "gallery-card", parts, { type: "button", tabindex: "-1", "aria-label": name(item, chosen) })
    : element("div", "gallery-card", parts);
  item.card.replaceChildren(card);
  if (focused) card.focus({ preventScroll: true });
}

/* The probability that counts, as a bar; in words too where it is not that of the predicted class. */
function shares(item, chosen) {
  const share = probability(item, chosen), bar = element("span", "track", element("span", "", [], { style: `width:${100 * share}%` }));
  return chosen === null ? [bar] : [element("span", "other", `${title(chosen)}: ${percent(share)}`, { title: chosen }), bar];
}

/* Put these items' cards on the page, in this order. */
export function arrange(items) {
  list().toggleAttribute("data-cutout", look.cutout);
  const cards = items.map(({ card }) => card), now = list().children;
  if (cards.length !== now.length || cards.some((card, place) => card !== now[place])) {
    const focused = list().contains(document.activeElement) && document.activeElement;
    list().replaceChildren(...cards);
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }
  if (!list().querySelector("button[tabindex='0']")) list().querySelector("button")?.setAttribute("tabindex", 0);
}

/* The list is one stop of the tab key; arrows go from card to card. Whichever is pressed is handed to `open`, as its card. */
export function listen(open) {
  list().addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) open(button.parentElement);
  });
  list().addEventListener("focusin", ({ target }) => {
    for (const other of list().querySelectorAll("button[tabindex='0']")) other.setAttribute("tabindex", -1);
    target.setAttribute("tabindex", 0);
  });
  list().addEventListener("keydown", (event) => {
    const cards = [...list().children], at = cards.findIndex((card) => card.contains(document.activeElement));
    const columns = getComputedStyle(list()).gridTemplateColumns.split(" ").length;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: cards.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const onwards = to < at || event.key === "End" ? -1 : 1; // past cards without an answer
    let next = to;
    while (cards[next] && !cards[next].querySelector("button")) next += onwards;
    cards[next]?.querySelector("button").focus();
  });
}
