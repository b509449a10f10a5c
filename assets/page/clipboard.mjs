/* Put a text on the clipboard; whether that went well. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text); // which browsers have on https and on this machine only
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    field.style.cssText = "position: fixed; opacity: 0";
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    before?.focus();
    return done;
  }
}
