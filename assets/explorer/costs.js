// The table of costs and gains by viewpoint: what each arm changes against the baseline.

import { make } from "./dom.js";
import { number, unit_words } from "./format.js";

/** @import { Answer } from "./types.d.ts" */

/**
 * A change with its sign.
 * @param {number} value
 * @param {string} unit
 */
function signed(value, unit) {
  return (value > 0 ? "+" : "") + number(value, unit);
}

/**
 * @param {HTMLElement} host
 * @param {Answer} answer
 */
export function show_costs(host, answer) {
  const arms = answer.arms.filter((arm) => answer.costs.some((c) => c.arm === arm.name));
  const rows = [...new Map(answer.costs.map((c) => [`${c.viewpoint}\n${c.label}`, c])).values()];
  const head = make("tr", {}, make("th", { scope: "col", text: "Who, and what" }), ...arms.map((arm) => make("th", { scope: "col", class: "n", text: arm.label })));
  const body = make("tbody");
  let viewpoint = "";
  for (const row of rows) {
    if (row.viewpoint !== viewpoint) {
      viewpoint = row.viewpoint;
      body.append(make("tr", { class: "who" }, make("th", { scope: "colgroup", colspan: arms.length + 1, text: viewpoint })));
    }
    const unit = row.unit && row.unit !== "fraction" ? `, ${unit_words(row.unit)}` : "";
    body.append(make("tr", {}, make("th", { scope: "row", text: row.label.slice(0, 1).toUpperCase() + row.label.slice(1) + unit }), ...arms.map((arm) => {
      const cost = answer.costs.find((c) => c.arm === arm.name && c.label === row.label && c.viewpoint === row.viewpoint);
      if (!cost || cost.p50 === null) return make("td", { class: "n soft", text: "none" });
      const around = cost.p05 !== null && cost.p95 !== null ? `${signed(cost.p05, cost.unit)} to ${signed(cost.p95, cost.unit)}` : "";
      return make("td", { class: "n" }, signed(cost.p50, cost.unit), make("br"), make("span", { class: "soft", text: around }));
    })));
  }
  host.replaceChildren(make("table", {}, make("caption", { class: "hidden", text: "Costs and gains by viewpoint" }), make("thead", {}, head), body));
}
