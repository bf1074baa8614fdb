// Sliders of parameters, with what was believed before and after the evidence behind each.

import { button, draw, find, labelled, make, set } from "./dom.js";
import { setting } from "./format.js";

/** @import { Parameter, Store, World } from "./types.d.ts" */

/** How many sliders are shown before any search. */
const SHOWN = 12;
const STEPS = 200;

/**
 * @param {World} world
 * @param {Store} store
 */
export function show_sliders(world, store) {
  const host = find("sliders");
  const ranked = [...world.parameters].sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity));
  /** @type {Map<string, Slider>} */
  const made = new Map();
  /** @param {Parameter} parameter */
  const slider = (parameter) => {
    let one = made.get(parameter.name);
    if (!one) made.set(parameter.name, (one = new Slider(parameter, store)));
    return one;
  };
  const status = make("p", { class: "soft", role: "status" });
  const list = make("div", { class: "sliders" });
  const search = make("input", { type: "search", id: "find-parameter", autocomplete: "off", placeholder: "such as price, smuggling, memory" });
  const reset = button("Back to the evidence", () => {
    store.change((q) => { q.parameters = {}; });
    search.focus();
  }, { id: "reset-parameters", class: "small" });

  function render() {
    const fixed = store.get().parameters;
    const wanted = search.value.trim().toLowerCase();
    const found = wanted ? ranked.filter((p) => `${p.label} ${p.asks} ${p.name} ${p.unit}`.toLowerCase().includes(wanted)) : ranked.slice(0, SHOWN);
    const moved = wanted ? [] : ranked.slice(SHOWN).filter((p) => p.name in fixed);
    const shown = [...found.slice(0, SHOWN), ...moved].map(slider);
    const n = Object.keys(fixed).length;
    status.textContent = (wanted ? `${found.length} of ${ranked.length} parameters found${found.length > SHOWN ? `, the first ${SHOWN} shown` : ""}. ` : "")
      + (n === 0 ? "None is fixed: each future draws its own values." : `${n} fixed by you.`);
    set(reset, { disabled: n === 0 });
    for (const one of shown) one.update(fixed[one.parameter.name]);
    if (shown.some((one, k) => one.node !== list.children[k]) || shown.length !== list.children.length) list.replaceChildren(...shown.map((one) => one.node));
  }

  search.addEventListener("input", render);
  host.append(
    make("p", { class: "soft", text: "The parameters that move the answer most. Grey: what studies allow (prior). Blue: what also fits the record (posterior). A parameter that you move is fixed at that value in every future." }),
    labelled(`Find one of ${ranked.length} parameters`, search), status, list, reset,
  );
  store.listen(render);
  render();
}

class Slider {
  /**
   * @param {Parameter} parameter
   * @param {Store} store
   */
  constructor(parameter, store) {
    this.parameter = parameter;
    const { prior, density, min, max } = parameter;
    const xs = density.map((point) => point[0]);
    this.low = min ?? Math.min(prior.q05, ...xs);
    this.high = max ?? Math.max(prior.q95, ...xs);
    if (!(this.high > this.low)) this.high = this.low + 1;
    this.is_log = this.low > 0 && this.high / this.low >= 50;
    this.input = make("input", { type: "range", min: 0, max: STEPS, step: 1, "data-parameter": parameter.name, "data-field": `parameters.${parameter.name}` });
    this.value = make("span", { class: "value" });
    this.free = button("Free", () => {
      store.change((q) => { delete q.parameters[parameter.name]; });
      this.input.focus();
    }, { class: "small", "aria-label": `Free ${parameter.label}: draw it from the evidence again` });
    const title = make("label", { title: parameter.asks }, make("span", { class: "name", text: parameter.label }), make("span", { class: "soft", text: parameter.unit && parameter.unit !== "1" ? ` ${parameter.unit}` : "" }));
    this.input.id = `parameter-${parameter.name}`;
    title.htmlFor = this.input.id;
    this.node = make("div", { class: "slider" }, title, make("div", { class: "over" }, this.densities(), this.input), make("div", { class: "row" }, this.value, this.free));
    this.input.addEventListener("input", () => {
      const to = Number(this.at(Number(this.input.value) / STEPS).toPrecision(4));
      store.change((q) => { q.parameters[parameter.name] = Math.min(this.high, Math.max(this.low, to)); });
    });
  }

  /**
   * The value at a part of the slider.
   * @param {number} part
   */
  at(part) {
    return this.is_log ? this.low * Math.pow(this.high / this.low, part) : this.low + part * (this.high - this.low);
  }

  /** @param {number} value */
  part(value) {
    const part = this.is_log ? Math.log(value / this.low) / Math.log(this.high / this.low) : (value - this.low) / (this.high - this.low);
    return Math.min(1, Math.max(0, part));
  }

  /** What the record allows, behind the slider. */
  densities() {
    const svg = draw("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true", class: "density" });
    for (const [column, name] of /** @type {[1 | 2, string][]} */ ([[1, "prior"], [2, "posterior"]])) {
      const points = this.parameter.density.flatMap((p) => (p[column] === null ? [] : [[this.part(p[0]) * 100, p[column]]]));
      const most = Math.max(...points.map((p) => p[1] ?? 0), 0);
      if (points.length < 2 || most <= 0) continue;
      const top = points.map(([x, v]) => `${(x ?? 0).toFixed(2)},${(30 - ((v ?? 0) / most) * 28).toFixed(2)}`);
      svg.append(draw("polygon", { class: name, points: [`${(points[0]?.[0] ?? 0).toFixed(2)},30`, ...top, `${(points.at(-1)?.[0] ?? 100).toFixed(2)},30`].join(" ") }));
    }
    return svg;
  }

  /** @param {number | undefined} fixed */
  update(fixed) {
    const { posterior, prior } = this.parameter;
    const belief = posterior ?? prior;
    this.input.value = String(Math.round(this.part(fixed ?? belief.q50) * STEPS));
    const drawn = `${setting(belief.q50)} (90 % between ${setting(belief.q05)} and ${setting(belief.q95)})`;
    this.value.textContent = fixed === undefined ? `drawn: ${drawn}` : `fixed at ${setting(fixed)}; evidence: ${drawn}`;
    this.input.setAttribute("aria-valuetext", fixed === undefined ? `drawn, median ${setting(belief.q50)}` : `fixed at ${setting(fixed)} ${this.parameter.unit}`);
    this.node.classList.toggle("fixed", fixed !== undefined);
    this.free.hidden = fixed === undefined;
  }
}
