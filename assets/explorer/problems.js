// Shows in words what the program refused or why it does not answer, and leads to the control concerned.

import { button, find, make } from "./dom.js";

/** @import { Problem } from "./types.d.ts" */

/**
 * @param {string} heading
 * @param {Problem[]} problems
 */
export function show_problems(heading, problems) {
  const host = find("problems");
  for (const node of document.querySelectorAll("[data-field][aria-invalid=true]")) node.removeAttribute("aria-invalid");
  host.hidden = problems.length === 0;
  if (problems.length === 0) {
    host.replaceChildren();
    return;
  }
  host.replaceChildren(make("p", {}, make("b", { text: heading })), make("ul", {}, ...problems.map((problem) => {
    const control = control_of(problem.field ?? "");
    if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) control.setAttribute("aria-invalid", "true");
    return make("li", {}, problem.message, problem.help ? ` ${problem.help}` : "", control ? " " : "", ...(control ? [button("Go to it", () => go_to(control), { class: "small" })] : []));
  })));
}

/**
 * The control of a field such as `parameters.theft` or `rules.NAME.in_force`.
 * @param {string} field
 * @returns {HTMLElement | null}
 */
function control_of(field) {
  if (!field) return null;
  const [first] = field.split(".");
  const rules = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-rule]")]);
  const rule = first?.endsWith("rules") ? rules.find((node) => `${field}.`.includes(`.${node.dataset.rule}.`)) : undefined;
  if (rule) return rule.querySelector("button");
  return document.querySelector(`[data-field="${CSS.escape(field)}"]`) ?? document.querySelector(`[data-field="${CSS.escape(first ?? "")}"]`);
}

/** @param {HTMLElement} control */
function go_to(control) {
  for (let fold = control.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  control.focus();
}
