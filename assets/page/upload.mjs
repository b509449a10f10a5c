/* The ways in for photos: drop, choose, paste, the camera, or a sample. Each ends with `take(file)`, or with `many(files)` where there
   are several or a folder: see `folder.mjs`. */
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

  hideField();
  on("change", (event) => {
    const input = within(event, "#upload input[type=file]");
    if (!input) return;
    event.stopImmediatePropagation();
    const files = [...input.files];
    input.value = ""; // the same file can be chosen again
    choose(files);
  });
  on("cancel", (event) => within(event, "#upload input[type=file]") && take(undefined));

  document.getElementById("camera").addEventListener("click", () => camera(take));

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

/* Nobody meets dcc.Upload's own field, which has no name: there is a button for it. Dash draws it when it has loaded that component. */
async function hideField() {
  const field = () => document.querySelector("#upload input[type=file]");
  while (!field()) await new Promise(requestAnimationFrame);
  Object.assign(field(), { tabIndex: -1, ariaHidden: "true" });
}

/* A phone's camera, by the input that browsers have for it; dcc.Upload's can't be told to. */
function camera(take) {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", hidden: true });
  input.setAttribute("capture", "environment"); // which is no property where there is no camera
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.remove();
  });
  input.addEventListener("cancel", () => input.remove());
  document.body.append(input); // some browsers forget one that is nowhere
  input.click();
}

/* A sample as the file that a person would have chosen; awaited by whoever takes it. */
export async function sample(name) {
  const answer = await fetch(new URL(`../../samples/${encodeURIComponent(name)}`, import.meta.url));
  if (!answer.ok) throw new TypeError(`sample ${name}: ${answer.status}`);
  return Object.assign(new File([await answer.blob()], name), { sample: name });
}
