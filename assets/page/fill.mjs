/* What is put in place of the parts of a photo that were painted over. Parts are given in shares of the photo's sides, so that they
   are the same on the screen and in the photo that is sent: {points: [[x, y], ...], radius} of a brush, its radius in shares of the
   long side, or {mask, view} of a region, a canvas that is opaque where it is meant, and where on the photo it lies. */

const GREY = "rgb(127, 127, 127)"; // the middle of the range; a letterbox is padded with the same
const BLUR = 20; // cells, at least, that the long side of a blurred photo still has

function canvas(width, height) {
  const made = new OffscreenCanvas(width, height);
  return [made, made.getContext("2d")];
}

function scaled(image, width, height) {
  const [made, context] = canvas(width, height);
  context.drawImage(image, 0, 0, width, height);
  return made;
}

/* The photo, and it half as large, again and again, until a single pixel is left. */
function halves(photo) {
  const levels = [photo];
  for (let last = photo; Math.max(last.width, last.height) > 1; levels.push(last)) {
    last = scaled(last, Math.ceil(last.width / 2), Math.ceil(last.height / 2));
  }
  return levels;
}

/* From a photo with holes, its surroundings grown into them (push-pull). A canvas keeps its colours multiplied by their opacity, so
   shrinking averages only what is there, and opacity says how much that was: halved often enough, no hole is left. On the way back each
   size is laid over the coarser one, which shows through only where the finer knows less. */
function grown(holed) {
  return halves(holed).reduceRight((coarse, fine) => {
    const filled = scaled(coarse, fine.width, fine.height);
    filled.getContext("2d").drawImage(fine, 0, 0);
    return filled;
  });
}

/* Shrunk and enlarged again in the same steps: as smooth as a filter, alike at the borders, and the same in every browser. */
function blurred(photo) {
  const levels = halves(photo).filter(({ width, height }) => Math.max(width, height) >= BLUR);
  return levels.reduceRight((coarse, { width, height }) => scaled(coarse, width, height));
}

function stroke(context, { points, radius }, width, height) {
  const [[x, y]] = points, long = Math.max(width, height);
  context.lineWidth = 2 * radius * long;
  context.beginPath();
  context.arc(x * width, y * height, radius * long, 0, 2 * Math.PI); // a line without length draws nothing
  context.fill();
  context.beginPath();
  points.forEach(([u, v]) => context.lineTo(u * width, v * height));
  context.stroke();
}

function painted(parts, width, height) {
  const [made, context] = canvas(width, height);
  Object.assign(context, { lineCap: "round", lineJoin: "round" });
  for (const part of parts) {
    if (part.points) stroke(context, part, width, height);
    else {
      const [x0, y0, x1, y1] = part.view;
      context.drawImage(part.mask, x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
    }
  }
  return made;
}

/* What comes over a photo, transparent where nothing was painted. `fill`: "grey", "blur" or "surroundings". */
export function patch(photo, parts, fill) {
  const { width, height } = photo, where = painted(parts, width, height), [made, context] = canvas(width, height);
  context.fillStyle = GREY;
  context.fillRect(0, 0, width, height); // stays where all of the photo is painted over, and has no surroundings
  if (fill === "blur") context.drawImage(blurred(photo), 0, 0);
  if (fill === "surroundings") {
    const [holed, left] = canvas(width, height);
    left.drawImage(photo, 0, 0);
    left.globalCompositeOperation = "destination-out";
    left.drawImage(where, 0, 0);
    context.drawImage(grown(holed), 0, 0);
  }
  context.globalCompositeOperation = "destination-in";
  context.drawImage(where, 0, 0);
  return made;
}

/* Where the heat is at least `least` of its maximum, as a part. `levels`: 256 steps at width x height places of the `view`. */
export function region(levels, width, height, least, view) {
  const [mask, context] = canvas(width, height), image = context.createImageData(width, height);
  levels.forEach((level, i) => { image.data[4 * i + 3] = level / 255 >= least ? 255 : 0; });
  context.putImageData(image, 0, 0);
  return { mask, view };
}
