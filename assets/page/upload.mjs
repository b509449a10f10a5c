/* The ways in for photos: drop, choose, paste, or a sample. Each ends with `take(file)`, or with `many(files)` where there are several
   or a folder: see `folder.mjs`. */
import { hasFolder, named, read } from "./folder.mjs";

const within = (event, selector) => event.target instanceof Element && event.target.closest(selector);

export function listen(take, many) {
  const choose = (files) => (files.length > 1 ? many(named(files)) : take(files[0]));
  /* Capturing listeners on the document see a file before dcc.Upload does, which would read all of it and refuse in silence. */
  const on = (type, handle) => document.addEventListener(type, handle, true);

  let depth = 0; // dragenter and dragleave also fire for each element under the pointer
  const dragging = (change) => {
    depth = Math.max(0, depth + change);
    document.body.toggleAttribute("data-dragging", depth > 0);
  };
  const files = (event) => event.dataTransfer?.types.includes("Files");
  on("dragenter", (event) => files(event) && dragging(1));
  on("dragleave", (event) => files(event) && dragging(-1));
  on("dragover", (event) => files(event) && event.preventDefault());
  on("drop", (event) => {
    if (!files(event) && !within(event, "#upload")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    dragging(-depth);
    if (hasFolder(event.dataTransfer)) many(read(event.dataTransfer));
    else choose([...event.dataTransfer?.files ?? []]);
  });

  on("change", (event) => {
    const input = within(event, "#upload input[type=file]");
    if (!input) return;
    event.stopImmediatePropagation();
    const files = [...input.files];
    input.value = ""; // the same file can be chosen again
    choose(files);
  });
  on("cancel", (event) => within(event, "#upload input[type=file]") && take(undefined));

  on("paste", (event) => {
    const files = [...event.clipboardData?.files ?? []];
    if (files.length) {
      event.preventDefault();
      choose(files);
    } else if (!within(event, "input, textarea")) {
      take(undefined);
    }
  });

  on("click", (event) => {
    const button = within(event, "[data-sample]");
    if (button) take(sample(button.dataset.sample));
  });
}

/* A sample as the file that a person would have chosen; awaited by whoever takes it. */
export async function sample(name) {
  const answer = await fetch(new URL(`../../samples/${encodeURIComponent(name)}`, import.meta.url));
  if (!answer.ok) throw new TypeError(`sample ${name}: ${answer.status}`);
  return Object.assign(new File([await answer.blob()], name), { sample: name });
}
