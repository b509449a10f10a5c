/* What the page says about an answer. Values that round to all or nothing are not called so. */

const DIGITS = 4; // of per cent, that the server sends

export const title = (name) => name.charAt(0).toUpperCase() + name.slice(1);

export function percent(share) {
  if (share > 0 && share < 0.001) return "under 0.1 %";
  if (share < 1 && share > 0.999) return "over 99.9 %";
  const digits = share > 0 && share < 0.01 || share < 1 && share > 0.99 ? 1 : 0;
  return `${(share * 100).toFixed(digits)} %`;
}

/* The indices of the likeliest classes. */
export const likeliest = ({ classes, probabilities }, number) =>
  [...classes.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, number);

/* The predicted class and how sure the model is: that, and how sure it was before. */
export function headline(answer) {
  const [now, was] = sureness(answer, answer.predicted);
  return [`${title(answer.classes[answer.predicted])}, ${now}`, was];
}

/* Two shares with as few digits as tell them apart: what hardly moves is seen to move. */
export function percents(...shares) {
  const rounded = shares.map(percent), [one, other] = rounded.map((text) => text.replace(".0 %", " %"));
  if (one !== other) return rounded;
  for (let digits = 1; digits <= DIGITS; digits++) {
    const exact = shares.map((share) => (share * 100).toFixed(digits)), all = (text) => [0, 100].includes(Number(text));
    if (exact[0] !== exact[1] && shares.every((share, i) => !all(exact[i]) || [0, 1].includes(share))) return exact.map((text) => `${text} %`);
  }
  return rounded;
}

/* How sure the model is of a class, and how sure it was before the photo was edited; null if it was not. */
export function sureness({ probabilities, before }, index) {
  if (!before) return [percent(probabilities[index]), null];
  const [now, then] = percents(probabilities[index], before[index]);
  return [now, `${then} before`];
}

/* What to beware of in the answer to an edited photo. */
export const caution = ({ state: { fill } }) =>
  `This photo is edited. What was filled in (${fill}) is something that the model looks at, too: try another fill before you conclude.`;

/* A model answers to every photo. What it learnt from goes by its title, within a sentence. */
export function unfamiliar(subject) {
  const inside = /^[A-Z][a-z]/.test(subject) ? subject.charAt(0).toLowerCase() + subject.slice(1) : subject;
  return `This photo looks unlike those that this model learnt from (${inside}). Its answer may mean nothing.`;
}

const where = ({ reach }) => (reach === "network" ? "" : " at this layer");

/* What the map shows, within a sentence. Evidence against one class rather than another is evidence for the other one. */
function subject({ classes, target, against, evidence, space, shown }) {
  if (target === null) return "activity";
  const [first, second] = [target, against].map((index) => index !== null && classes[index]);
  const score = space === "probability" ? "probability" : "score";
  if (shown === "magnitude") return second ? `influence on how ${first} compares with ${second}` : `influence on the ${score} of ${first}`;
  if (shown === "signed") return second ? `evidence for ${first} or ${second}` : `evidence for or against ${first}`;
  if (second) return evidence === "for" ? `evidence for ${first} rather than ${second}` : `evidence for ${second} rather than ${first}`;
  return `evidence ${evidence} ${first}`;
}

/* What the two colours of a signed map stand for. */
export function poles({ classes, target, against, shown }) {
  if (shown !== "signed") return ["", ""];
  return against === null ? [`−1 against ${classes[target]}`, `1 for ${classes[target]}`] : [`−1 ${classes[against]}`, `1 ${classes[target]}`];
}

/* What the figure says where there is nothing to show: that, and below it what to do. */
export const nothing = (answer) => `${found(answer)}\n${emptiness(answer)[1]}`;

function found(answer) {
  if (answer.target === null) return `Nothing is active${where(answer)}`;
  if (answer.shown === "signed") return `No evidence either way${where(answer)}`;
  if (answer.shown === "magnitude") return `No influence on the score${where(answer)}`;
  return `${answer.evidence === "for" || answer.against !== null ? "No positive evidence" : "Nothing speaks against the class"}${where(answer)}`;
}

/* Why there can be nothing to show: [why, what to do]. */
export function emptiness({ classes, target, against, evidence: side, space, shown, method, reach }) {
  const another = reach === "network" ? "Try another class or method" : "Try another layer";
  if (target === null) return ["At every place what was looked at is zero, or below zero.", `${another}.`];
  if (shown === "magnitude") {
    return ["By this method no pixel changes the score.", space === "probability"
      ? "Probabilities near 0 and 1 hardly move: choose Logit as the score, under Options." : "Try another class or method."];
  }
  const [first, second] = side === "for" || against === null ? [target, against] : [against, target];
  const other = second === null ? "" : ` rather than ${classes[second]}`;
  const speaks = side === "for" || against !== null ? `for ${classes[first]}${other}` : `against ${classes[first]}`;
  const opposite = side === "for" ? "the evidence against" : "the evidence for";
  const placewise = reach === "network" || method === "hires-cam" ? "" : ", or HiResCAM, which weighs every place by itself";
  return [
    `By this method no place speaks ${speaks}${reach === "network" ? "" : " here"}: each speaks for the opposite, or not at all.`,
    `${another}, ${placewise ? "" : "or "}${opposite} (under Options)${placewise}.`,
  ];
}

/* Where the heat lies: nothing that the map does not show. */
export function evidence(answer, found) {
  const what = subject(answer), positive = what.startsWith("evidence for") && answer.shown !== "signed";
  if (!found) return `The ${what}${where(answer)} is on its way …`;
  if (!found.share && answer.target === null) return `Taken together, nothing is active${where(answer)}.`;
  if (!found.share) return `No ${positive ? "positive " : ""}${what}${where(answer)}.`;
  if (answer.shown === "signed") return balance(answer, found);
  return `${percent(found.share)} of the ${what} lies in ${percent(found.area)} of the photo.`;
}

/* Of a signed map: how the evidence is divided. */
function balance(answer, { positive }) {
  const { classes, target, against } = answer, other = against === null ? "against it" : `for ${classes[against]}`;
  return `${title(percent(positive))} of the evidence${where(answer)} speaks for ${classes[target]}, ${percent(1 - positive)} ${other}.`;
}

/* A view in a few words: model, method, layer and what is explained. */
export function caption(answer, method, layer) {
  const { classes, target, against, evidence: side, title: model, reach, edited } = answer;
  const [first, second] = [target, against].map((index) => index !== null && classes[index]);
  const goal = target === null ? "" : second ? `${first} rather than ${second}` : { for: "", against: "against ", both: "for and against " }[side] + first;
  return [model, method, reach === "network" ? "" : layer.split("/").at(-1), goal, edited && "edited"].filter(Boolean).join(" · ");
}

/* What a cut-out leaves of the photo. */
export function left(answer, { area, share, threshold }) {
  const what = subject(answer);
  if (!area) return `Nothing of the photo is left: the heat is nowhere ${threshold.toFixed(2)} or more.`;
  return `${percent(area)} of the photo is left, where the heat is ${threshold.toFixed(2)} or more: ${percent(share)} of the ${what}.`;
}

/* How to read the heat. */
export function reading(answer) {
  const { classes, target, against, evidence: side, space, shown } = answer;
  if (target === null) {
    return `Bright places are where ${answer.reach === "network" ? "the network" : "this layer"} responds most, whatever the class; `
      + "dark ones are quiet. The heat says nothing of what the model makes of that.";
  }
  const score = space === "probability" ? "probability" : "score", name = classes[target], other = against !== null && classes[against];
  const whose = other ? `${name}, compared with that of ${other}` : "the class that is explained";
  const bright = shown === "signed" ? signed(name, other, score) : shown !== "magnitude" ? `Bright places ${side === "for" ? "raised" : "lowered"} the ${score} of ${whose}; dark ones did not.`
    : other ? `Bright places change how the ${score} of ${name} compares with that of ${other} most, up or down; dark ones hardly do.`
      : `Bright places change the ${score} of the class that is explained most, up or down; dark ones hardly change it.`;
  return `${bright} The heat shows influence on this ${score}${where(answer)}, not where the object ends and not whether the model is right.`;
}

/* The same of a signed map. */
const signed = (name, other, score) => (other
  ? `Orange places speak for ${name}, blue ones for ${other}, by how they moved the two ${score === "score" ? "scores" : "probabilities"} apart; `
    + "where nothing is drawn, neither gained."
  : `Orange places raised the ${score} of ${name}, blue ones lowered it; where nothing is drawn, it did not change.`);
/* The size of the model's input, and what was done to the photo to fit it. */
export function inputSize({ width, height }, { view, seen: { area }, input }) {
  const whole = (part) => part.every((edge, i) => Math.abs(edge - (i > 1)) < 0.005);
  const squeezed = Math.abs((width / height) * (input.height / input.width) - 1) > 0.01;
  const done = !whole(view) ? "the middle of the photo" : !whole(area) ? "padded" : squeezed ? "stretched" : "the whole photo";
  return `${input.width} × ${input.height} pixels, ${done}`;
}

/* Of a sample: that the model takes it for something else. What models call by other names, or don't know, can't be wrong. */
export function mistaken({ classes, predicted }, shows, lesson = "") {
  if (!classes.includes(shows) || classes[predicted] === shows) return "";
  return `The model gets this one wrong: it is a ${shows}. ${lesson}`;
}

/* What it means to choose another class to compare with. */
export function coincidence({ against, answer }) {
  const same = answer.target !== null && answer.classes[answer.target] === against;
  return same ? `${title(against)} is the class itself; this returns with another one` : "What speaks for the class rather than for this one";
}

/* What takes so long. */
export const working = ({ title: name, cost }) => `Still at work: ${name} takes ${cost} …`;
