// Picks one future and shows what happened in it and what differs between the arms.

import * as api from "./api.js";
import { with_titles } from "./calendar.js";
import { button, draw, find, make } from "./dom.js";
import { month_words, number } from "./format.js";

/** @import { Answer, FutureStory, Store, World } from "./types.d.ts" */

const WIDTH = 640;
const HEIGHT = 110;
const DOT = 4;

/**
 * @param {World} world
 * @param {Store} store
 */
export function create_futures(world, store) {
  const titled = with_titles(world);
  const host = find("futures-part");
  const dialog = /** @type {HTMLDialogElement} */ (find("future"));
  const body = find("future-body");
  const strip = make("div", { class: "strip" });
  const input = make("input", { type: "number", id: "future-number", min: 0, step: 1, value: 0, inputmode: "numeric" });
  const said = make("p", { class: "soft", role: "status" });
  const quick = make("div", { class: "buttons" });
  /** @type {Answer | null} */
  let answer = null;

  /** @param {number} future */
  async function open(future) {
    if (!answer) return;
    const shown = answer;
    find("future-title").textContent = `Future ${future}`;
    body.replaceChildren(make("p", { text: "Repeating this future\u2026" }));
    if (!dialog.open) dialog.showModal();
    try {
      body.replaceChildren(...story(await api.future(store.get(), future), shown, titled));
    } catch (error) {
      body.replaceChildren(...api.in_words(error).map((p) => make("p", { class: "fault", text: p.message })));
    }
  }

  const form = make("form", { class: "inline" }, make("label", { class: "field" }, make("span", { text: "Number of the future" }), input), make("button", { type: "submit", id: "open-future", text: "Open" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = Number(input.value);
    const is_known = input.value !== "" && answer?.futures.includes(wanted);
    said.textContent = is_known ? "" : `Computed are futures ${span(answer?.futures ?? [])}.`;
    if (is_known) void open(wanted);
  });
  find("future-close").addEventListener("click", () => dialog.close());
  host.append(strip, quick, form, said);

  return {
    /** @param {Answer} next */
    show(next) {
      answer = next;
      const effects = next.futures.flatMap((future, k) => {
        const effect = next.future_effects?.[k];
        return effect === null || effect === undefined ? [] : [{ future, effect }];
      }).sort((a, b) => a.effect - b.effect);
      if (!next.futures.includes(Number(input.value))) input.value = String(next.futures[0] ?? 0);
      const label = next.arms.find((arm) => !arm.baseline)?.label ?? "";
      strip.replaceChildren(...(effects.length > 1 ? [dots(effects, label, (future) => void open(future))] : []));
      const picks = /** @type {const} */ ([["Low effect (5 %)", 0.05], ["Median effect", 0.5], ["High effect (95 %)", 0.95]]);
      const focused = quick.contains(document.activeElement) ? [...quick.children].indexOf(/** @type {Element} */ (document.activeElement)) : -1;
      quick.replaceChildren(...(effects.length > 1 ? picks : []).map(([words, part]) => {
        const pick = effects[Math.round(part * (effects.length - 1))];
        return button(`${words}: future ${pick?.future}`, () => { if (pick) void open(pick.future); });
      }));
      if (focused >= 0) /** @type {HTMLElement | undefined} */ (quick.children[focused])?.focus();
    },
  };
}

/** @param {number[]} futures */
function span(futures) {
  return futures.length === 0 ? "none yet" : `${Math.min(...futures)} to ${Math.max(...futures)}`;
}

/**
 * Every future as a point at its effect. By keyboard the number below opens the same.
 * @param {{ future: number, effect: number }[]} effects sorted
 * @param {string} label
 * @param {(future: number) => void} open
 */
function dots(effects, label, open) {
  const low = Math.min(0, effects[0]?.effect ?? 0), high = Math.max(0, effects.at(-1)?.effect ?? 0);
  /** @param {number} v */
  const x = (v) => 16 + ((v - low) / (high - low || 1)) * (WIDTH - 32);
  const base = HEIGHT - 24;
  /** @type {number[]} */
  const stacks = new Array(Math.ceil(WIDTH / (2 * DOT)) + 1).fill(0);
  const bins = effects.map(({ effect }) => Math.round(x(effect) / (2 * DOT)));
  for (const bin of bins) stacks[bin] = (stacks[bin] ?? 0) + 1;
  const rise = Math.min(2 * DOT, (base - 10) / Math.max(...stacks));
  stacks.fill(0);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Effect of ${label} on the gap in ${effects.length} futures, ${number(effects[0]?.effect, "months")} to ${number(effects.at(-1)?.effect, "months")} months` },
    draw("line", { class: "axis", x1: 8, x2: WIDTH - 8, y1: base + 5, y2: base + 5 }),
    draw("line", { class: "zero", x1: x(0), x2: x(0), y1: 4, y2: base + 5 }));
  effects.forEach(({ future, effect }, n) => {
    const bin = bins[n] ?? 0;
    const height = stacks[bin] ?? 0;
    stacks[bin] = height + 1;
    const dot = draw("circle", { class: "future", cx: bin * 2 * DOT, cy: base - height * rise, r: DOT - 0.4 }, draw("title", { text: `Future ${future}: ${number(effect, "months")} months` }));
    dot.addEventListener("click", () => open(future));
    svg.append(dot);
  });
  for (const v of low === 0 || high === 0 ? [low, high] : [low, 0, high]) {
    svg.append(draw("text", { class: "tick", x: x(v), y: HEIGHT - 5, "text-anchor": v === low && v !== 0 ? "start" : v === high && v !== 0 ? "end" : "middle", text: number(v, "months") }));
  }
  return make("figure", {}, make("figcaption", { class: "soft", text: `Each point is a future at the effect of ${label} on its gap, in months. Click one to see what happened.` }), svg);
}

/**
 * @param {FutureStory} future
 * @param {Answer} answer
 * @param {(text: string) => string} titled
 */
function story(future, answer, titled) {
  const labels = new Map(answer.arms.map((arm) => [arm.name, arm.label]));
  const differs = future.differs.length > 0 ? [make("ul", {}, ...future.differs.map((text) => make("li", { text: titled(text) })))] : [make("p", { text: "Nothing differs between the arms in this future." })];
  const is_shared = (/** @type {FutureStory["rows"][number]} */ row) => row.arms.length >= answer.arms.length;
  const only = make("input", { type: "checkbox", id: "only-differing" });
  only.checked = !future.rows.every(is_shared);
  const body = make("tbody");
  const show = () => {
    const rows = future.rows.filter((row) => !only.checked || !is_shared(row));
    body.replaceChildren(...rows.map((row) => make("tr", {},
      make("td", { class: "date", text: month_words(row.month) }), make("td", { text: row.kind }), make("td", {}, titled(row.text), row.because ? make("span", { class: "soft", text: ` because: ${titled(row.because)}` }) : ""),
      make("td", { text: is_shared(row) ? "every arm" : row.arms.map((name) => labels.get(name) ?? name).join(", ") }))));
  };
  only.addEventListener("change", show);
  show();
  const head = make("tr", {}, ...["Month", "Kind", "What happened", "In"].map((text) => make("th", { scope: "col", text })));
  const table = make("table", {}, make("caption", { class: "hidden", text: "What happened in this future" }), make("thead", {}, head), body);
  return [
    make("h3", { text: "What differs between the arms" }), ...differs,
    make("h3", { text: "What happened" }),
    make("label", { class: "check" }, only, "Only what does not happen in every arm"),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What happened in this future" }, table),
  ];
}
