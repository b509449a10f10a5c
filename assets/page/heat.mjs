/* From a raw map to heat, as `Explanation.heat()` in Python does it: the map enlarged once, bilinearly with half-pixel centres,
   its positive part, or its magnitude, over its maximum; or, signed, over its largest magnitude. Enlarging is done here on the values, never by the browser, whose smoothing differs. */

const clamp = (v, low, high) => (v < low ? low : v > high ? high : v);

/* Where `count` pixels fall between the cells of a map's row, from one share of it to another: the cell to the left, the one to
   the right, and how far between. */
function taps(count, cells, from, to) {
  const left = new Int32Array(count), right = new Int32Array(count), part = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const at = clamp((from + ((i + 0.5) / count) * (to - from)) * cells - 0.5, 0, cells - 1);
    left[i] = Math.floor(at);
    right[i] = Math.min(left[i] + 1, cells - 1);
    part[i] = at - left[i];
  }
  return { left, right, part };
}

/* Between two cells a bilinear map, and its magnitude, is largest at the first or the last pixel that falls there: the others need no look. */
function extremes({ left, right, part }) {
  const keep = [];
  for (let i = 0; i < left.length; i++) {
    if (i === 0 || i === left.length - 1 || left[i] !== left[i - 1] || left[i] !== left[i + 1]) keep.push(i);
  }
  const pick = (from) => from.constructor.from(keep, (i) => from[i]);
  return { left: pick(left), right: pick(right), part: pick(part) };
}

function* enlarged({ values, columns }, across, down) {
  const row = new Float32Array(across.left.length), blended = new Float32Array(columns);
  for (let y = 0; y < down.left.length; y++) {
    const top = down.left[y] * columns, bottom = down.right[y] * columns, dy = down.part[y];
    for (let k = 0; k < columns; k++) blended[k] = values[top + k] + (values[bottom + k] - values[top + k]) * dy;
    for (let x = 0; x < row.length; x++) {
      const a = blended[across.left[x]];
      row[x] = a + (blended[across.right[x]] - a) * across.part[x];
    }
    yield row;
  }
}

/* How strong each of 256 levels is, in [0, 1]. Levels count from 0, those of a signed map both ways from 128. */
export const strengths = (signed) => Float32Array.from({ length: 256 }, (_, n) => (signed ? Math.abs(n - 128) / 127 : n / 255));

/* A raw map {values, rows, columns} over a part of a photo: {width, height} in pixels of the photo that the server has, and the
   area that the part has in the map, [x0, y0, x1, y1] in shares of its sides; and whether its magnitude is shown, or its sign kept. */
export class Heat {
  constructor(map, { width, height, area, magnitude, signed = false }) {
    this.map = map;
    this.area = area;
    this.signed = signed;
    this.part = magnitude ? Math.abs : (value) => value; // what is negative is cut off later
    this.low = signed ? -1 : 0;
    this.peak = 0;
    const size = signed ? Math.abs : this.part;
    const { across, down } = this.taps(width, height);
    for (const row of enlarged(map, extremes(across), extremes(down))) {
      for (const value of row) this.peak = Math.max(this.peak, size(value));
    }
  }

  taps(width, height) {
    const { map: { rows, columns }, area: [x0, y0, x1, y1] } = this;
    return { across: taps(width, columns, x0, x1), down: taps(height, rows, y0, y1) };
  }

  get flat() {
    return this.peak === 0;
  }

  /* Heat in [0, 1], or [-1, 1], at a place given in shares of the part's width and height. */
  at(x, y) {
    if (this.flat) return 0;
    const { map: { values, rows, columns }, area: [x0, y0, x1, y1] } = this;
    const u = clamp((x0 + x * (x1 - x0)) * columns - 0.5, 0, columns - 1), v = clamp((y0 + y * (y1 - y0)) * rows - 0.5, 0, rows - 1);
    const left = Math.floor(u), top = Math.floor(v), right = Math.min(left + 1, columns - 1), bottom = Math.min(top + 1, rows - 1);
    const value = (r) => values[r * columns + left] + (values[r * columns + right] - values[r * columns + left]) * (u - left);
    return clamp(this.part(value(top) + (value(bottom) - value(top)) * (v - top)) / this.peak, this.low, 1);
  }

  /* Heat in 256 steps at the centres of width x height pixels: see `strengths`. */
  levels(width, height) {
    const { peak, signed, flat } = this, levels = new Uint8Array(width * height);
    const scale = flat ? 0 : (signed ? 127 : 255) / peak, zero = signed ? 128 : 0, least = signed ? 1 : 0;
    const { across, down } = this.taps(width, height);
    let at = 0;
    for (const row of enlarged(this.map, across, down)) {
      for (let x = 0; x < width; x++) levels[at++] = clamp(zero + this.part(row[x]) * scale, least, 255) + 0.5;
    }
    return levels;
  }

  /* Add the heat at the centres of width x height pixels to a sum. */
  addTo(sum, width, height) {
    const { across, down } = this.taps(width, height);
    let at = 0;
    for (const row of enlarged(this.map, across, down)) {
      for (let x = 0; x < width; x++) sum[at++] += clamp(this.part(row[x]) / this.peak, this.low, 1);
    }
  }
}

/* How often each of the 256 levels occurs, in shares of all places. */
export function histogram(levels) {
  const counts = new Float64Array(256);
  for (const level of levels) counts[level] += 1 / levels.length;
  return counts;
}

/* How much of the heat lies where it is strong enough, how much of the part that is, and how much of all heat is positive. */
export function concentration(counts, signed, enough) {
  let all = 0, hot = 0, area = 0, positive = 0;
  strengths(signed).forEach((strength, level) => {
    const heat = counts[level] * strength;
    all += heat;
    if (!signed || level > 128) positive += heat;
    if (!enough(strength)) return;
    hot += heat;
    area += counts[level];
  });
  return all ? { share: hot / all, area, positive: positive / all } : { share: 0, area: 0, positive: 0 };
}
