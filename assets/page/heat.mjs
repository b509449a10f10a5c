/* From a raw map to heat, as `Explanation.heat()` in Python does it: the map enlarged once, bilinearly with half-pixel centres,
   its positive part over its maximum. Enlarging is done here on the values, never by the browser, whose smoothing differs. */

const clamp = (v, low, high) => (v < low ? low : v > high ? high : v);

/* Where `count` pixels of a row fall between the cells of a map: the cell to the left, the one to the right, and how far between. */
function taps(count, cells) {
  const left = new Int32Array(count), right = new Int32Array(count), part = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const at = clamp(((i + 0.5) * cells) / count - 0.5, 0, cells - 1);
    left[i] = Math.floor(at);
    right[i] = Math.min(left[i] + 1, cells - 1);
    part[i] = at - left[i];
  }
  return { left, right, part };
}

/* Between two cells a bilinear map is largest at the first or the last pixel that falls there: the others need no look. */
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

/* A raw map {values, rows, columns} over the part of a photo that is width x height pixels. */
export class Heat {
  constructor(map, width, height) {
    this.map = map;
    this.peak = 0;
    for (const row of enlarged(map, extremes(taps(width, map.columns)), extremes(taps(height, map.rows)))) {
      for (const value of row) if (value > this.peak) this.peak = value;
    }
  }

  get flat() {
    return this.peak === 0;
  }

  /* Heat in [0, 1] at a place given in shares of the part's width and height. */
  at(x, y) {
    if (this.flat) return 0;
    const { values, rows, columns } = this.map;
    const u = clamp(x * columns - 0.5, 0, columns - 1), v = clamp(y * rows - 0.5, 0, rows - 1);
    const left = Math.floor(u), top = Math.floor(v), right = Math.min(left + 1, columns - 1), bottom = Math.min(top + 1, rows - 1);
    const value = (r) => values[r * columns + left] + (values[r * columns + right] - values[r * columns + left]) * (u - left);
    return clamp((value(top) + (value(bottom) - value(top)) * (v - top)) / this.peak, 0, 1);
  }

  /* Heat in 256 steps at the centres of width x height pixels. */
  levels(width, height) {
    const levels = new Uint8Array(width * height), scale = this.flat ? 0 : 255 / this.peak;
    let at = 0;
    for (const row of enlarged(this.map, taps(width, this.map.columns), taps(height, this.map.rows))) {
      for (let x = 0; x < width; x++) levels[at++] = clamp(row[x] * scale, 0, 255) + 0.5;
    }
    return levels;
  }
}

/* How much of the heat lies where it is at least half its maximum, and how much of the part that is. */
export function concentration(levels) {
  let all = 0, hot = 0, places = 0;
  for (const level of levels) {
    all += level;
    if (level >= 128) {
      hot += level;
      places++;
    }
  }
  return all ? { share: hot / all, area: places / levels.length } : { share: 0, area: 0 };
}
