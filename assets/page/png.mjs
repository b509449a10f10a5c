/* The few parts of the PNG format that the page writes itself: indexed pictures, whose colours can change without their pixels
   being packed again, and text chunks for a picture that a canvas has encoded. */

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const PALETTE = 12 + 768 + 12 + 256; // bytes of a palette's two chunks
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function crc(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC[(c ^ byte) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const uint32 = (n) => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);

function chunk(type, data) {
  const body = join(new TextEncoder().encode(type), data);
  return join(uint32(data.length), body, uint32(crc(body)));
}

export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function deflate(bytes) {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/* All of an indexed picture but its colours. Each row is stored as its difference to the row above, because neighbouring rows of
   a smooth map hardly differ. */
export async function indexed(levels, width, height) {
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    const to = y * (width + 1) + 1, from = y * width;
    rows[to - 1] = y ? 2 : 0;
    for (let x = 0; x < width; x++) rows[to + x] = y ? levels[from + x] - levels[from + x - width] : levels[from + x];
  }
  const head = join(SIGNATURE, chunk("IHDR", join(uint32(width), uint32(height), Uint8Array.of(8, 3, 0, 0, 0))));
  const body = join(chunk("IDAT", await deflate(rows)), chunk("IEND", new Uint8Array(0)));
  // Base64 packs three bytes at a time: this many of the body's go with the part that changes, so that the rest can stay packed.
  const loose = (3 - ((head.length + PALETTE) % 3)) % 3;
  return { head, loose: body.subarray(0, loose), packed: base64(body.subarray(loose)) };
}

/* An indexed picture as data URL, in 256 colours (rgb: 768 bytes) and their opacities (alpha: 256 bytes). */
export function coloured({ head, loose, packed }, rgb, alpha) {
  return `data:image/png;base64,${base64(join(head, chunk("PLTE", rgb), chunk("tRNS", alpha), loose))}${packed}`;
}

/* The same PNG with texts in it, as UTF-8 (iTXt), right behind its header. */
export async function withTexts(blob, texts) {
  const bytes = new Uint8Array(await blob.arrayBuffer()), utf8 = new TextEncoder();
  const headerEnd = SIGNATURE.length + 25;
  const chunks = Object.entries(texts).map(([key, text]) =>
    chunk("iTXt", join(utf8.encode(key), new Uint8Array(5), utf8.encode(text))));
  return new Blob([bytes.subarray(0, headerEnd), ...chunks, bytes.subarray(headerEnd)], { type: "image/png" });
}
