/* From a file to what the page needs of a photo: a picture to show, the bytes to send, and the file itself for the download. */

const LONG_SIDE = 1600; // larger photos are shrunk before they are sent: no model looks at more

/* What is wrong with a photo, as a sentence for people. */
export class PhotoError extends Error {}

export const LOST = "This file can't be read. Has it been moved or deleted?";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1).replace(/\.0$/, "")} MB`;

export const dataURL = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(new PhotoError(LOST));
  reader.readAsDataURL(blob);
});

/* The photo's size, upright, as far as this browser can tell: only its header is looked at. */
async function measure(file) {
  const image = new Image(), url = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = url;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/* Whether the file surely is whole. Browsers fill up a truncated photo with grey and don't tell; the server does. */
async function whole(file) {
  const bytes = new Uint8Array(await file.arrayBuffer()), n = bytes.length;
  const starts = (...head) => head.every((byte, i) => bytes[i] === byte);
  const ends = (...tail) => tail.every((byte, i) => bytes[n - tail.length + i] === byte);
  if (starts(0xff, 0xd8)) return ends(0xff, 0xd9);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return ends(0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);
  if (starts(0x52, 0x49, 0x46, 0x46)) return new DataView(bytes.buffer).getUint32(4, true) + 8 <= n;
  return false;
}

/* At most LONG_SIDE pixels long, on white like the photo that the model gets, upright, of an animation the first frame. */
function drawn(bitmap, longSide = LONG_SIDE) {
  const scale = Math.min(1, Math.min(longSide, LONG_SIDE) / Math.max(bitmap.width, bitmap.height));
  const side = (length) => Math.max(1, Math.round(length * scale));
  const canvas = new OffscreenCanvas(side(bitmap.width), side(bitmap.height)), context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/* Of a file that could be opened before. */
export const bitmapOf = (file) => createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => { throw new PhotoError(LOST); });

/* The same of a file, at most so many pixels long. */
export async function canvasOf(file, longSide) {
  const bitmap = await bitmapOf(file), canvas = drawn(bitmap, longSide);
  bitmap.close();
  return canvas;
}

/* The photo that an edited one was made from; any other is that itself. */
export const original = (photo) => photo.edited?.photo ?? photo;

/* A photo {file, name, width, height, shown, sent}; `shrunk`: what is sent is smaller than the file. Without width, height and shown if this browser can't decode it (HEIC, say):
   then the server is asked for a version that it can. Limits: {bytes, pixels}. */
export async function open(file, limits) {
  if (!file) throw new PhotoError("No photo was chosen.");
  if (!file.size) throw new PhotoError("This file is empty. Choose another photo.");
  if (file.size > limits.bytes) {
    throw new PhotoError(`This file has ${megabytes(file.size)}; the limit is ${megabytes(limits.bytes)}. Choose a smaller photo.`);
  }
  const untouched = async () => (await dataURL(file)).split(",")[1];
  const size = await measure(file);
  if (size && size.width * size.height > limits.pixels) {
    const million = (pixels) => (pixels / 1e6).toLocaleString("en", { maximumFractionDigits: 0 });
    throw new PhotoError(`This photo has ${million(size.width * size.height)} million pixels; `
      + `the limit is ${million(limits.pixels)} million. Choose a smaller photo.`);
  }
  const bitmap = size && await bitmapOf(file).catch(() => null);
  if (!bitmap) return { file, name: file.name, sent: await untouched() };
  const shown = await dataURL(await drawn(bitmap).convertToBlob({ type: "image/jpeg", quality: 0.92 }));
  const { width, height } = bitmap;
  bitmap.close();
  const shrunk = Math.max(width, height) > LONG_SIDE && await whole(file);
  return { file, name: file.name, width, height, shown, shrunk, sent: shrunk ? shown.split(",")[1] : await untouched() };
}
