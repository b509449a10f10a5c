/* The library's selects are plain text fields to screen readers; this says that they are comboboxes, and whether they are open. */

const SELECT = "input[aria-haspopup=listbox]";

function tell(field) {
  field.role = "combobox";
  field.ariaExpanded = String(field.hasAttribute("data-expanded"));
}

/* Those inside an element, also what comes later. */
export function announce(element) {
  element.querySelectorAll(SELECT).forEach(tell);
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target.matches(SELECT)) tell(target);
      for (const node of addedNodes) if (node instanceof Element) node.querySelectorAll(SELECT).forEach(tell);
    }
  }).observe(element, { subtree: true, childList: true, attributeFilter: ["data-expanded"] });
}
