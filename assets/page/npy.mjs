/* A raw map as a file that NumPy reads (`numpy.load`): format 1.0, float32, little endian, row by row. */

const MAGIC = "\x93NUMPY\x01\x00";
const ALIGNED = 64; // bytes: the values start at a multiple of them

/* `values`: the numbers' bytes, which are little endian already. */
export function npy(values, [rows, columns]) {
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const whole = Math.ceil((MAGIC.length + 2 + words.length + 1) / ALIGNED) * ALIGNED, length = whole - MAGIC.length - 2;
  const head = `${MAGIC}${String.fromCharCode(length & 255, length >> 8)}${words.padEnd(length - 1)}\n`;
  return new Blob([Uint8Array.from(head, (letter) => letter.charCodeAt(0)), values], { type: "application/octet-stream" });
}
