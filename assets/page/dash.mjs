/* Dash's components, as the page's own modules make and change them. */

/* Change some properties of the component of this id. */
export const set = (id, props) => dash_clientside.set_props(id, props);

/* dash-mantine's controls hand back each value that they are given, a little later. Given the next one before that, they would go back
   and forth between the two for ever, and whoever took the first one for somebody's choice would go back to it. */
const MOMENT = 150; // ms between two values that a control is given
const coming = {}; // the value that a control will be given, by its id
const given = {}; // what it has been given since somebody touched it

/* Let a control show what may change many times a second. */
export function setSoon(id, value) {
  if (!(id in coming)) setTimeout(give, MOMENT, id);
  coming[id] = value;
}

/* Somebody has chosen in the control: what it was about to be given is older. */
export const leave = (id) => void delete coming[id];

function give(id) {
  if (!(id in coming)) return;
  const value = coming[id];
  delete coming[id];
  (given[id] ??= new Set()).add(value);
  set(id, { value });
}

/* Whether this is a value that a control has been given, rather than one that somebody has chosen. */
export const isEcho = (id, value) => Boolean(given[id]?.has(value));

for (const touch of ["pointerdown", "keydown", "focusin"]) {
  document.addEventListener(touch, ({ target }) => {
    for (const id in given) if (document.getElementById(id)?.contains(target)) given[id].clear();
  }, true);
}

export const html = (type, props) => ({ namespace: "dash_html_components", type, props });

export const mantine = (type, props) => ({ namespace: "dash_mantine_components", type, props });
