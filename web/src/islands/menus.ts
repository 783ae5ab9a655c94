/** `<details class="menu">` as menus are used: Escape and a click elsewhere close them. They open without scripts. */
const open = () => document.querySelectorAll<HTMLDetailsElement>("details.menu[open]");

/** Something was chosen. */
export function closeMenus(): void {
  for (const menu of open()) menu.open = false;
}

export function closeMenusOutside(): void {
  document.addEventListener("pointerdown", (event) => {
    for (const menu of open())
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
    }
  });
}
