/* What the page says about an answer. Values that round to all or nothing are not called so. */

export const title = (name) => name.charAt(0).toUpperCase() + name.slice(1);

export function percent(share) {
  if (share > 0 && share < 0.001) return "under 0.1 %";
  if (share < 1 && share > 0.999) return "over 99.9 %";
  const digits = share > 0 && share < 0.01 || share < 1 && share > 0.99 ? 1 : 0;
  return `${(share * 100).toFixed(digits)} %`;
}

/* The predicted class and how sure the model is. */
export function headline({ classes, probabilities, predicted }) {
  return `${title(classes[predicted])}, ${percent(probabilities[predicted])}`;
}

/* A model answers to every photo. What it learnt from goes by its title, within a sentence. */
export function unfamiliar(subject) {
  const inside = /^[A-Z][a-z]/.test(subject) ? subject.charAt(0).toLowerCase() + subject.slice(1) : subject;
  return `This photo looks unlike those that this model learnt from (${inside}). Its answer may mean nothing.`;
}

/* What the figure says where there is nothing to show. */
export const nothing = ({ target }) => `${target === null ? "Nothing is active" : "No positive evidence"} at this layer`;

/* Where the heat lies: nothing that the map does not show. */
export function evidence({ classes, target }, found) {
  const what = target === null ? "activity" : `evidence for ${classes[target]}`;
  if (!found) return `The ${what} at this layer is on its way …`;
  if (!found.share) return target === null ? "Taken together, nothing is active at this layer." : `No positive ${what} at this layer.`;
  return `${percent(found.share)} of the ${what} lies in ${percent(found.area)} of the photo.`;
}
