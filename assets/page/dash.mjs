/* Dash's components, as the page's own modules make and change them. */

/* Change some properties of the component of this id. */
export const set = (id, props) => dash_clientside.set_props(id, props);

/* dash-mantine's controls hand back each value that they are given, a little later. Given the next one before that, they would go back
   and forth between the two for ever, and whoever took the first one for somebody's choice would go back to it. */
const MOMENT = 150; // ms between two values that a control is given
const coming = {}; // the value that a control will be given, by its id
const given = {}; // when it was given each of its values
const touched = {}; // when somebody last did something with it
const ECHO = 1000; // ms after which a value that is handed back is somebody's choice, if somebody did something

/* Let a control show what may change many times a second. */
export function setSoon(id, value) {
  if (!(id in coming)) setTimeout(give, MOMENT, id);
  coming[id] = value;
}

/* Somebody has chosen in the control: what it was about to be given is older. */
export const leave = (id) => void delete coming[id];

function give(id) {
  if (!(id in coming)) return;
  if (performance.now() - (touched[id] ?? -Infinity) < MOMENT) return void setTimeout(give, MOMENT, id); // somebody may be choosing
  const value = coming[id];
  delete coming[id];
  (given[id] ??= new Map()).set(value, performance.now());
  set(id, { value });
}

/* Whether this is a value that a control has been given, rather than one that somebody has chosen. */
export function isEcho(id, value) {
  const since = given[id]?.get(value);
  return since !== undefined && (since > (touched[id] ?? 0) || performance.now() - since < ECHO);
}

for (const act of ["pointerdown", "keydown", "focusin"]) {
  document.addEventListener(act, ({ target }) => {
    for (const id in given) if (document.getElementById(id)?.contains(target)) touched[id] = performance.now();
  }, true);
}

export const html = (type, props) => ({ namespace: "dash_html_components", type, props });

export const mantine = (type, props) => ({ namespace: "dash_mantine_components", type, props });
