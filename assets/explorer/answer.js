// The answer on the right: the sentence, the charts, the costs and the error that the number of futures leaves.

import { BandChart, colour, turn_colour } from "./charts.js";
import { show_costs } from "./costs.js";
import { draw, find, make, select, set } from "./dom.js";
import { month_words, number } from "./format.js";

/** @import { Answer, AnswerArm, Band, Chart, Line } from "./types.d.ts" */

const CHARTS = /** @type {const} */ (["gap", "effect", "measured", "china", "world", "owned", "rented", "brokered"]);
const MOST_MAKERS = 7;
/** @type {string[]} */
const WIDE = ["gap", "effect", "measured"];
const TALL = 300;
const LOW = 210;

export class AnswerPanel {
  constructor() {
    this.root = find("answer");
    this.sentence = find("sentence");
    this.nothing = find("nothing");
    this.progress = /** @type {HTMLProgressElement} */ (find("progress"));
    this.state = find("state");
    this.stop = find("stop");
    /** @type {Answer | null} */
    this.answer = null;
    /** @type {[number, number][]} futures and the error after them */
    this.errors = [];
    this.shares_arm = "";
    this.shares_choice = "";
    this.month = /** @type {HTMLInputElement} */ (find("month"));
    this.month.addEventListener("input", () => this.point(Number(this.month.value)));
    /** @type {Record<string, BandChart>} */
    this.charts = {};
    for (const name of CHARTS) {
      const chart = new BandChart(find(`chart-${name}`), WIDE.includes(name) ? TALL : LOW);
      chart.on_point = (index) => this.point(index);
      this.charts[name] = chart;
    }
  }

  /** The question changed: what is shown is old until the first futures arrive. */
  changed() {
    this.root.classList.toggle("stale", this.answer !== null);
    this.sentence.setAttribute("aria-busy", "true");
    this.errors = [];
    this.progress.removeAttribute("value");
    this.progress.hidden = false;
    this.stop.hidden = false;
    this.state.textContent = this.answer ? "The question changed. What is shown is the old answer; the new one is being computed." : "Computing the first futures\u2026";
  }

  /** @param {Answer} answer */
  answered(answer) {
    const is_new_axis = this.answer?.months.length !== answer.months.length;
    this.answer = answer;
    this.root.classList.remove("stale");
    find("before").hidden = true;
    find("picture").hidden = false;
    this.show_sentence(answer);
    this.progress.max = answer.of;
    this.progress.value = answer.done;
    if (answer.monte_carlo_error !== null) this.errors.push([answer.done, answer.monte_carlo_error]);
    this.state.textContent = `${answer.done} of ${answer.of} futures, ${answer.seconds.toFixed(1)} seconds${failed_words(answer)}`;
    set(this.month, { max: answer.months.length - 1 });
    if (is_new_axis) this.month.value = String(answer.months.length - 1);
    this.show_charts(answer);
    show_costs(find("costs"), answer);
    show_error(find("error"), this.errors, answer.of);
    this.point(Number(this.month.value));
  }

  done() {
    this.finish(this.answer ? `Complete: ${this.answer.done} futures in ${this.answer.seconds.toFixed(1)} seconds${failed_words(this.answer)}` : "No future was computed.");
  }

  cancelled() {
    this.finish(this.answer && !this.root.classList.contains("stale") ? `Stopped after ${this.answer.done} of ${this.answer.of} futures` : "Stopped before the first futures. What is shown, if anything, is the old answer.");
  }

  failed() {
    this.finish(this.answer ? "No new answer: see above. What is shown is the old one." : "No answer: see above.");
  }

  /** @param {string} words */
  finish(words) {
    this.state.textContent = words;
    this.progress.hidden = true;
    this.stop.hidden = true;
    this.sentence.setAttribute("aria-busy", "false");
  }

  /** @param {Answer} answer */
  show_sentence({ sentence, nothing, arms, warnings }) {
    /** @param {string} text in which the names of arms stand behind their labels, as scripts need them */
    const plain = (text) => arms.reduce((words, arm) => words.replaceAll(` (${arm.name})`, ""), text).replace(/(\d) %/g, "$1\u00a0%");
    const parts = [make("p", { class: "lead" }, make("b", { text: plain(sentence.finding) }), sentence.certainty ? ` ${plain(sentence.certainty)}` : "")];
    if (sentence.size) parts.push(make("p", { text: plain(sentence.size) }));
    if (sentence.baseline) parts.push(make("p", { class: "soft", text: plain(sentence.baseline) }));
    for (const warning of warnings ?? []) parts.push(make("p", { class: "soft", text: warning }));
    this.sentence.replaceChildren(...parts);
    this.nothing.hidden = !nothing;
    this.nothing.textContent = nothing ?? "";
  }

  /** @param {Answer} answer */
  show_charts(answer) {
    const arms = new Map(answer.arms.map((arm) => [arm.name, arm]));
    /** @param {({ arm: string } & Band)[]} bands */
    const lines = (bands) => bands.flatMap((band) => {
      const arm = arms.get(band.arm);
      return arm ? [line(band, arm)] : [];
    });
    const rules = dedupe(answer.rule_dates.map((rule) => ({ month: rule.date.slice(0, 7), label: rule.label })));
    const base = { months: answer.months, record_end: answer.evidence_end?.slice(0, 7) ?? null, rules, record: [] };
    const record = answer.gap_record.map((p) => ({ month: p.date.slice(0, 7), value: p.value, low: p.low, high: p.high }));
    this.show("gap", { ...base, title: "Underlying gap", unit: "months", lines: lines(answer.gap), note: "How many months ago the United States' best model was where China's best model is, without random events and release dates." });
    this.show("effect", { ...base, title: "Effect on the gap", unit: "months", lines: lines(answer.effect), note: "Arm minus baseline in the same futures. Above zero China is further behind, below zero less far." });
    const measured = answer.gap_measured ?? [];
    find("chart-measured").hidden = measured.length === 0;
    this.show("measured", { ...base, title: "Gap between released models, beside the record", unit: "months", lines: lines(measured), record, note: `As it is measured: with random events and release dates.${record.length > 0 ? " Dots: the record with 90 % of its error." : ""}` });
    this.show_shares(answer);
    const plain = { ...base, rules: [], record_end: null };
    for (const [kind, title, note] of /** @type {const} */ ([
      ["owned", "Owned compute", "In use by Chinese owners."],
      ["rented", "Rented compute", "Abroad, rented by Chinese users."],
      ["brokered", "Brokered compute", "Brought in by brokers who divert chips."],
    ])) this.show(kind, { ...plain, title, unit: answer.compute.find((c) => c.kind === kind)?.unit ?? "H100e", note, lines: lines(answer.compute.filter((c) => c.kind === kind)) });
  }

  /** @param {Answer} answer */
  show_shares(answer) {
    const choices = answer.arms.map((arm) => ({ name: arm.name, label: arm_words(arm) }));
    if (!choices.some((c) => c.name === this.shares_arm)) this.shares_arm = answer.arms.find((arm) => !arm.baseline)?.name ?? choices[0]?.name ?? "";
    const now = JSON.stringify(choices);
    if (now !== this.shares_choice) {
      this.shares_choice = now;
      find("shares-arm").replaceChildren(make("label", { class: "field" }, make("span", { text: "Market shares under" }), select(choices, this.shares_arm, (name) => {
        this.shares_arm = name;
        if (this.answer) this.show_shares(this.answer);
        this.point(Number(this.month.value));
      }, { id: "shares-select" })));
    }
    const makers = largest_makers(answer);
    for (const [place, title] of /** @type {const} */ ([["china", "Who sells in China"], ["world", "Who sells in the world"]])) {
      const lines = answer.shares.filter((s) => s.place === place && s.arm === this.shares_arm && makers.includes(s.maker)).map((s) => ({ ...s, colour: turn_colour(makers.indexOf(s.maker)), dashed: false, is_bare: true }))
        .sort((a, b) => makers.indexOf(a.maker) - makers.indexOf(b.maker));
      this.show(place, { title, unit: "fraction", note: `Share of value, last twelve months, of the ${makers.length} largest makers.`, months: answer.months, lines, rules: [], record: [], record_end: null });
    }
  }

  /**
   * @param {string} name
   * @param {Chart} chart
   */
  show(name, chart) {
    this.charts[name]?.show(chart);
  }

  /**
   * Reads one month in every chart.
   * @param {number} index
   */
  point(index) {
    const month = this.answer?.months[index];
    if (month === undefined) return;
    this.month.value = String(index);
    this.month.setAttribute("aria-valuetext", month_words(month));
    find("month-shown").textContent = month_words(month);
    const begun = dedupe((this.answer?.rule_dates ?? []).filter((rule) => rule.date.startsWith(month)).map((rule) => ({ month, label: rule.label })));
    find("month-rules").textContent = begun.length > 0 ? `Rules of this month: ${begun.map((rule) => rule.label).join("; ")}.` : "";
    for (const chart of Object.values(this.charts)) chart.point(index);
  }
}

/**
 * Makers by the largest share that they ever have; more lines than colours cannot be told apart.
 * @param {Answer} answer
 */
function largest_makers(answer) {
  /** @type {Map<string, number>} */
  const most = new Map();
  for (const { maker, p50 } of answer.shares) most.set(maker, Math.max(most.get(maker) ?? 0, ...p50.map((v) => v ?? 0)));
  return [...most].sort((a, b) => b[1] - a[1]).slice(0, MOST_MAKERS).map(([maker]) => maker);
}

/** @param {Answer} answer */
function failed_words({ failed }) {
  return failed ? `; ${failed} runs failed, and their futures are left out under every arm` : "";
}

/** @param {AnswerArm} arm */
export function arm_words(arm) {
  return arm.baseline ? `${arm.label} (baseline)` : arm.label;
}

/**
 * @param {Band} band
 * @param {AnswerArm} arm
 * @returns {Line}
 */
function line(band, arm) {
  return { ...band, label: arm_words(arm), colour: colour(arm.colour), dashed: arm.baseline ?? false, is_bare: false };
}

/** @param {{ month: string, label: string }[]} rules */
function dedupe(rules) {
  return [...new Map(rules.map((rule) => [rule.month + rule.label, rule])).values()];
}

/**
 * How the Monte Carlo error shrinks as futures arrive.
 * @param {HTMLElement} host
 * @param {[number, number][]} errors
 * @param {number} of
 */
function show_error(host, errors, of) {
  const last = errors.at(-1);
  if (!last) {
    host.replaceChildren(make("p", { class: "soft", text: "The Monte Carlo error needs a few futures." }));
    return;
  }
  const most = Math.max(...errors.map((e) => e[1])) || 1;
  const width = 320, height = 84, base = 64;
  /** @param {[number, number]} e */
  const at = ([done, error]) => [8 + (Math.log(done) / Math.log(Math.max(of, 2))) * (width - 16), base - (error / most) * (base - 8)];
  const points = errors.map(at);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", role: "img", "aria-label": `Monte Carlo error: ${errors.map(([n, e]) => `${number(e, "months")} months after ${n} futures`).join(", ")}` },
    draw("line", { class: "zero", x1: 0, x2: width, y1: base, y2: base }),
    draw("polyline", { class: "line", points: points.map((p) => p.join(",")).join(" ") }),
    ...points.map(([x, y]) => draw("circle", { class: "point", cx: x ?? 0, cy: y ?? 0, r: 3.5 })),
    draw("text", { x: points[0]?.[0] ?? 0, y: base + 15, "text-anchor": "middle", text: errors[0]?.[0] ?? "" }),
    draw("text", { x: width, y: base + 15, "text-anchor": "end", text: errors.length > 1 ? `${last[0]} futures` : "" }));
  host.replaceChildren(make("p", { text: `After ${last[0]} futures the mean effect is known to \u00b1${number(last[1], "months")} months (standard error). This error comes from the limited number of futures alone; what the model does not know is in the bands.` }), svg);
}
