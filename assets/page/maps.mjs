/* The sprite that carries the raw maps of an answer: one grey PNG, its upper half the high bytes of all values, its lower half the
   low bytes. Each map says where it lies and which values its lowest and highest step stand for. */

const STEPS = 255 * 256;

/* {layer: {values, rows, columns}} of a sprite {src, maps: {layer: {x, y, width, height, low, high}}}. */
export async function unpack({ src, maps }) {
  const image = new Image();
  image.src = src;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const half = (height / 2) * width * 4;
  const layers = {};
  for (const [layer, { x, y, width: columns, height: rows, low, high }] of Object.entries(maps)) {
    const values = new Float32Array(rows * columns), scale = (high - low) / STEPS;
    for (let r = 0, i = 0; r < rows; r++) {
      for (let at = ((y + r) * width + x) * 4, end = at + columns * 4; at < end; at += 4) {
        values[i++] = low + (data[at] * 256 + data[at + half]) * scale;
      }
    }
    layers[layer] = { values, rows, columns };
  }
  return layers;
}
