/* Menus are folds, see `layouts/menu.py`. They close when something is chosen, or when somebody goes elsewhere. */

export function listen() {
  document.addEventListener("click", ({ target }) => {
    const chosen = target.closest(".menu-items button");
    chosen?.closest(".menu").querySelector("summary").focus();
    for (const menu of document.querySelectorAll(".menu[open]")) {
      if (chosen || !menu.contains(target)) menu.open = false;
    }
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const menu = target.closest(".menu");
    if (relatedTarget && menu && !menu.contains(relatedTarget)) menu.open = false;
  });
  document.addEventListener("keydown", ({ key, target }) => {
    const menu = key === "Escape" && target.closest(".menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
