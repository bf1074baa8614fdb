// The switch between the system's colours, light and dark.

import { find } from "./dom.js";

export function start_theme() {
  const choice = /** @type {HTMLSelectElement} */ (find("theme"));
  const apply = () => {
    if (choice.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice.value;
  };
  choice.addEventListener("change", apply);
  apply();
}
