// The two tabs of the page, by pointer and by arrow keys.

/** @param {(panel: string) => void} opened */
export function start_tabs(opened) {
  const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[role=tab]")]);
  /** @param {HTMLElement} chosen */
  const choose = (chosen) => {
    for (const tab of tabs) {
      const is_chosen = tab === chosen;
      tab.setAttribute("aria-selected", String(is_chosen));
      tab.tabIndex = is_chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !is_chosen;
    }
    opened(chosen.id);
  };
  tabs.forEach((tab, n) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: n - 1, ArrowRight: n + 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      if (!next) return;
      choose(next);
      next.focus();
    });
  });
}
