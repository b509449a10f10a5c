/* What is dropped, chosen or pasted, as a list of {file, name}: of a folder all files in it and in the folders below, by name. */

export const MOST = 200; // photos that a gallery holds
const OURS = /^(\.|Thumbs\.db$|desktop\.ini$)/i; // what systems leave in folders, and nobody means

const collator = new Intl.Collator("en", { numeric: true });
export const byName = (a, b) => collator.compare(a.name, b.name);

export const named = (files) => files.map((file) => ({ file, name: file.webkitRelativePath || file.name }));

/* Browsers hand out entries, and what they are, only while the event lasts. */
const entriesOf = (transfer) => [...transfer?.items ?? []].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);

export const hasFolder = (transfer) => entriesOf(transfer).some(({ isDirectory }) => isDirectory);

/* As many files as a gallery holds and one more, which tells that there are others. */
export async function read(transfer) {
  const found = [];
  await walk(entriesOf(transfer), found);
  return found;
}

async function walk(entries, found) {
  for (const entry of entries) {
    if (found.length > MOST) return;
    if (entry.isDirectory) await walk((await inside(entry)).sort(byName), found);
    else found.push({ file: await fileOf(entry), name: entry.fullPath.slice(1) });
  }
}

/* A browser hands out a folder's entries in portions. One that can't be read has none. */
async function inside(folder) {
  const reader = folder.createReader(), all = [];
  for (;;) {
    const portion = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!portion.length) return all.filter(({ name }) => !OURS.test(name));
    all.push(...portion);
  }
}

/* None of one that can't be read: it is said as of a photo that can't be. */
const fileOf = (entry) => new Promise((resolve) => entry.file(resolve, () => resolve(null)));
