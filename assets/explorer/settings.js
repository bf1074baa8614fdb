// The responses that are on, the horizon, the number of futures and the seed.

import { find, labelled, make, select } from "./dom.js";
import { month_words } from "./format.js";

/** @import { Store, World } from "./types.d.ts" */

const FUTURES = [16, 32, 64, 100, 200, 500, 1000];

/** Labels that are not the words of the name. */
const LABELS = new Map([
  ["co_design", "Co-design"], ["rd_feedback", "Revenue feeds research"], ["software_lock_in", "Software lock-in"], ["counter_measures", "Countermeasures"],
]);

/** @param {{ name: string, label: string }} response */
function label_of({ name, label }) {
  return LABELS.get(name) ?? label.slice(0, 1).toUpperCase() + label.slice(1);
}

/**
 * @param {World} world
 * @param {Store} store
 */
export function show_responses(world, store) {
  const host = find("responses");
  const boxes = world.responses.map((response) => {
    const box = make("input", { type: "checkbox", "data-response": response.name });
    box.addEventListener("change", () => store.change((q) => {
      q.off = q.off.filter((name) => name !== response.name);
      if (!box.checked) q.off.push(response.name);
      q.off.sort();
    }));
    return { box, response };
  });
  host.append(
    make("p", { class: "soft", text: "How people and firms react to rules. Switch one off in every arm to see what hangs on it." }),
    make("ul", { class: "checks", "data-field": "off", tabindex: "-1" }, ...boxes.map(({ box, response }) => make("li", {}, make("label", {}, box, make("span", {}, make("b", { text: label_of(response) }), make("span", { class: "soft", text: response.description ? ` ${response.description}` : "" })))))),
  );
  const render = () => {
    const { off } = store.get();
    for (const { box, response } of boxes) box.checked = !off.includes(response.name);
  };
  store.listen(render);
  render();
}

/**
 * @param {World} world
 * @param {Store} store
 */
export function show_run_settings(world, store) {
  const host = find("run-settings");
  let shown = "";
  const render = () => {
    const { end, futures, seed } = store.get();
    const now = JSON.stringify([end, futures, seed]);
    if (now === shown) return;
    shown = now;
    const focused = host.contains(document.activeElement) ? document.activeElement?.id : null;
    const months = new Set([end]);
    for (let year = Number(world.months.first.slice(0, 4)) + 2; year <= Number(world.months.last.slice(0, 4)); year++) months.add(`${year}-12`);
    const ends = [...months].filter((m) => m && m <= world.months.last).sort().map((m) => ({ name: m, label: month_words(m) }));
    const counts = [...new Set([...FUTURES, futures])].sort((a, b) => a - b).map((n) => ({ name: String(n), label: String(n) }));
    const seed_input = make("input", { type: "number", id: "seed", "data-field": "seed", min: 0, max: Number.MAX_SAFE_INTEGER, step: 1, value: seed });
    seed_input.addEventListener("change", () => {
      const next = Number(seed_input.value);
      if (seed_input.value !== "" && Number.isSafeInteger(next) && next >= 0) store.change((q) => { q.seed = next; });
      else seed_input.value = String(store.get().seed);
    });
    host.replaceChildren(
      labelled("Horizon: last month", select(ends, end, (value) => store.change((q) => { q.end = value; }), { id: "end", "data-field": "end" })),
      labelled("Number of futures: more reduce the Monte Carlo error, which comes from their limited number alone", select(counts, String(futures), (value) => store.change((q) => { q.futures = Number(value); }), { id: "futures", "data-field": "futures" })),
      labelled("Seed: another one draws other futures", seed_input),
    );
    if (focused) document.getElementById(focused)?.focus();
  };
  store.listen(render);
  render();
}
