// Draws lines with bands over months as SVG, in the look of the report.

import { draw, make } from "./dom.js";
import { month_index, month_text, month_words, number, tick, unit_words } from "./format.js";

/** @import { Chart, Line, Series } from "./types.d.ts" */

const LEFT = 58;
const BOTTOM = 26;
const ROW = 14;
/** The height of the mark of a rule whose name has no room. */
const TICK = 9;

/** The report's colours, each with a name under which page.css holds it for light and dark. */
const NAMES = new Map([
  ["#0072b2", "blue"], ["#d55e00", "vermillion"], ["#009e73", "green"], ["#e69f00", "orange"], ["#56b4e9", "sky"],
  ["#cc79a7", "purple"], ["#f0e442", "yellow"], ["#222222", "ink"], ["#606060", "soft"], ["#bebebe", "others"],
]);
const TURNS = ["blue", "vermillion", "green", "orange", "sky", "purple", "yellow"];

/**
 * The colour of the theme for a colour of the report.
 * @param {string} hex
 */
export function colour(hex) {
  const name = NAMES.get(hex.toLowerCase());
  return name ? `var(--${name})` : hex;
}

/**
 * The colour of the nth line of a list.
 * @param {number} turn
 */
export function turn_colour(turn) {
  return `var(--${TURNS[turn % TURNS.length]})`;
}

/**
 * @param {SVGElement | HTMLElement} node
 * @param {string} property
 * @param {string} value
 */
function paint(node, property, value) {
  // The page's policy lets a script set a style, but no attribute.
  node.style.setProperty(property, value);
}

/**
 * Round numbers that divide a range.
 * @param {number} low
 * @param {number} high
 */
export function ticks(low, high) {
  const raw = (high - low) / 4;
  const power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 2.5, 5, 10].map((f) => f * power).find((s) => s >= raw * 0.999) ?? raw;
  const out = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) out.push(n * step);
  return out;
}

/** @param {Chart} chart */
function range(chart) {
  let low = Infinity, high = -Infinity;
  /** @param {number | null | undefined} v */
  const take = (v) => {
    if (v === null || v === undefined || !Number.isFinite(v)) return;
    low = Math.min(low, v);
    high = Math.max(high, v);
  };
  for (const line of chart.lines) for (const series of line.is_bare ? [line.p50] : [line.p05, line.p50, line.p95]) series?.forEach(take);
  chart.record.forEach((p) => take(p.value));
  if (low > high || (low === 0 && high === 0)) return [0, 1];
  if (!(low > 0.3 * high && high > 0)) {
    low = Math.min(0, low);
    high = Math.max(0, high);
  }
  const room = 0.05 * (high - low) || 1;
  return [low === 0 ? 0 : low - room, high + (high === 0 ? 0 : room)];
}

/**
 * Cuts a text at words until it fits.
 * @param {string} text
 * @param {number} letters
 */
function cut(text, letters) {
  if (text.length <= letters) return text;
  const words = text.split(/\s+/);
  while (words.length > 1 && words.join(" ").length > letters - 1) words.pop();
  return words.join(" ").slice(0, letters) + "\u2026";
}

/**
 * A label in at most two rows, cut at words.
 * @param {string} text
 * @param {number} letters
 */
function two_rows(text, letters) {
  if (text.length <= letters) return [text];
  const first = cut(text, letters + 1).replace("\u2026", "");
  return [first, cut(text.slice(first.length).trim(), letters)];
}

/** One chart of the page; `show` draws it, `point` reads a month. */
export class BandChart {
  /**
   * @param {HTMLElement} host
   * @param {number} height
   */
  constructor(host, height) {
    this.height = height;
    /** @type {Chart | null} */
    this.chart = null;
    this.index = -1;
    /** @type {(index: number) => void} */
    this.on_point = () => {};
    this.heading = make("h3");
    this.note = make("p", { class: "soft" });
    this.hold = make("div", { class: "plot" });
    this.readout = make("ul", { class: "readout" });
    host.append(this.heading, this.note, this.hold, this.readout);
    this.hold.addEventListener("pointermove", (event) => this.follow(event));
    new ResizeObserver(() => this.redraw()).observe(this.hold);
  }

  /** @param {Chart} chart */
  show(chart) {
    this.chart = chart;
    this.heading.textContent = `${chart.title}, ${unit_words(chart.unit)}`;
    this.note.textContent = chart.note;
    this.note.hidden = chart.note === "";
    this.redraw();
  }

  /** @param {PointerEvent} event */
  follow(event) {
    if (!this.chart) return;
    const box = this.hold.getBoundingClientRect();
    const at = Math.round(((event.clientX - box.left - LEFT) / (box.width - LEFT - this.end_room())) * (this.chart.months.length - 1));
    if (at >= 0 && at < this.chart.months.length) this.on_point(at);
  }

  /** Names stand beside the ends of lines where there is room; on a narrow chart they stand below it. */
  end_room() {
    return this.hold.clientWidth >= 560 ? 176 : 12;
  }

  redraw() {
    const { chart } = this;
    const width = this.hold.clientWidth;
    if (!chart || width < 100) return;
    const rows = rule_rows(chart, width - LEFT - this.end_room());
    const top = 8 + ROW * rows.count;
    const plot = { left: LEFT, top, width: width - LEFT - this.end_room(), height: this.height - top - BOTTOM };
    const [low, high] = /** @type {[number, number]} */ (range(chart));
    const last = Math.max(1, chart.months.length - 1);
    /** @param {number} k */
    const x = (k) => plot.left + (k / last) * plot.width;
    /** @param {number} v */
    const y = (v) => plot.top + plot.height - ((Math.min(high, Math.max(low, v)) - low) / (high - low)) * plot.height;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${this.height}`, role: "img", "aria-label": describe(chart) });
    paint(svg, "height", `${this.height}px`);
    axes(svg, chart, plot, x, y, [low, high]);
    for (const rule of rows.placed) {
      svg.append(draw("line", { class: "rule", x1: x(rule.k), x2: x(rule.k), y1: plot.top, y2: plot.top + (rule.row === null ? TICK : plot.height) }));
      if (rule.row !== null) svg.append(draw("text", { class: "rule-name", x: x(rule.k), y: plot.top - 6 - ROW * rule.row, "text-anchor": rule.is_left ? "end" : "start", text: rule.text }));
    }
    if (chart.record_end) {
      const k = month_index(chart.record_end) - month_index(chart.months[0] ?? "");
      if (k >= 0 && k <= last) {
        svg.append(draw("line", { class: "record-end", x1: x(k), x2: x(k), y1: plot.top, y2: plot.top + plot.height }));
        svg.append(draw("text", { class: "rule-name", x: x(k) + 4, y: plot.top + plot.height - 6, text: plot.width > 380 ? `record ends ${month_words(chart.record_end)}` : "record ends" }));
      }
    }
    for (const line of chart.lines) if (!line.is_bare) bands(svg, line, x, y, chart.lines.length > 1 ? 0.6 : 1);
    for (const line of chart.lines) svg.append(middle(line, x, y));
    marks(svg, chart, x, y, last);
    if (this.end_room() > 100) end_labels(svg, chart, x(last) + 6, y, [plot.top, plot.top + plot.height]);
    this.cursor = draw("line", { class: "cursor", y1: plot.top, y2: plot.top + plot.height });
    this.x = x;
    svg.append(this.cursor);
    this.hold.replaceChildren(svg);
    this.point(this.index);
  }

  /**
   * Reads the values of a month.
   * @param {number} index
   */
  point(index) {
    this.index = index;
    const { chart } = this;
    if (!chart || !this.x || !this.cursor) return;
    const at = index < 0 || index >= chart.months.length ? chart.months.length - 1 : index;
    this.cursor.setAttribute("x1", String(this.x(at)));
    this.cursor.setAttribute("x2", String(this.x(at)));
    this.readout.replaceChildren(...chart.lines.map((line) => read(line, at, chart.unit)));
  }
}

/** @param {Chart} chart */
function describe(chart) {
  const at = chart.months.length - 1;
  const ends = chart.lines.map((line) => `${line.label} ${number(line.p50[at], chart.unit)}`).join("; ");
  return `${chart.title}, ${unit_words(chart.unit)}, ${month_words(chart.months[0] ?? "")} to ${month_words(chart.months[at] ?? "")}. At the end: ${ends}.`;
}

/**
 * The values of a line in a month.
 * @param {Line} line
 * @param {number} at
 * @param {string} unit
 */
function read(line, at, unit) {
  const key = make("span", { class: line.dashed ? "key dashed" : "key" });
  paint(key, "color", line.colour);
  const low = line.p05?.[at], high = line.p95?.[at], mid = line.p50[at];
  const around = mid !== null && low !== undefined && high !== undefined ? ` (${number(low, unit)} to ${number(high, unit)})` : "";
  return make("li", {}, key, make("b", { text: line.label }), ` ${number(mid, unit)}${around}`);
}

/**
 * Which rules have room for their names, in up to three rows.
 * @param {Chart} chart
 * @param {number} width
 */
function rule_rows(chart, width) {
  const last = Math.max(1, chart.months.length - 1);
  const start = month_index(chart.months[0] ?? "0000-01");
  const most = width > 380 ? 3 : 2;
  const free = new Array(most).fill(-1);
  let count = 0;
  const placed = chart.rules
    .map((rule) => ({ k: month_index(rule.month) - start, label: rule.label, month: rule.month }))
    .filter((rule) => rule.k >= 0 && rule.k <= last)
    .sort((a, b) => a.k - b.k)
    .map((rule) => {
      const text = cut(`${month_words(rule.month)}: ${rule.label}`, width > 380 ? 34 : 26);
      const size = text.length * 6 + 16;
      const at = (rule.k / last) * width;
      const is_left = at + size > width;
      const [from, to] = is_left ? [at - size, at] : [at, at + size];
      // What ends is in the readout; its name would take the place of what begins.
      const row = from < 0 || rule.label.endsWith(": end") ? -1 : free.findIndex((taken) => from >= taken);
      if (row >= 0) {
        free[row] = to;
        count = Math.max(count, row + 1);
      }
      return { k: rule.k, text, is_left, row: row >= 0 ? row : null };
    });
  return { placed, count };
}

/**
 * @param {SVGElement} svg
 * @param {Chart} chart
 * @param {{ left: number, top: number, width: number, height: number }} plot
 * @param {(k: number) => number} x
 * @param {(v: number) => number} y
 * @param {[number, number]} span
 */
function axes(svg, chart, plot, x, y, [low, high]) {
  for (const v of ticks(low, high)) {
    svg.append(draw("line", { class: Math.abs(v) < 1e-12 && low < 0 ? "zero" : "grid", x1: plot.left, x2: plot.left + plot.width, y1: y(v), y2: y(v) }));
    svg.append(draw("text", { class: "tick", x: plot.left - 6, y: y(v) + 4, "text-anchor": "end", text: tick(Math.abs(v) < 1e-12 ? 0 : v, chart.unit) }));
  }
  const first = month_index(chart.months[0] ?? "0000-01");
  const years = chart.months.length / 12;
  const every = [1, 2, 5, 10].find((n) => (plot.width / years) * n >= 44) ?? 20;
  chart.months.forEach((_, k) => {
    const month = first + k;
    if (month % 12 !== 0 || Math.floor(month / 12) % every !== 0) return;
    svg.append(draw("line", { class: "grid", x1: x(k), x2: x(k), y1: plot.top, y2: plot.top + plot.height }));
    svg.append(draw("text", { class: "tick", x: x(k), y: plot.top + plot.height + 17, "text-anchor": "middle", text: String(Math.floor(month / 12)) }));
  });
}

/**
 * @param {SVGElement} svg
 * @param {Line} line
 * @param {(k: number) => number} x
 * @param {(v: number) => number} y
 * @param {number} part
 */
function bands(svg, line, x, y, part) {
  for (const [low, high, opacity] of /** @type {[Series | undefined, Series | undefined, number][]} */ ([[line.p05, line.p95, 0.2], [line.p25, line.p75, 0.3]])) {
    if (!low || !high) continue;
    const up = [], down = [];
    for (let k = 0; k < low.length; k++) {
      const a = low[k], b = high[k];
      if (a === null || a === undefined || b === null || b === undefined) continue;
      up.push(`${x(k).toFixed(1)},${y(b).toFixed(1)}`);
      down.push(`${x(k).toFixed(1)},${y(a).toFixed(1)}`);
    }
    const area = draw("polygon", { class: "band", points: [...up, ...down.reverse()].join(" "), "fill-opacity": (opacity * part).toFixed(2) });
    paint(area, "fill", line.colour);
    svg.append(area);
  }
}

/**
 * @param {Line} line
 * @param {(k: number) => number} x
 * @param {(v: number) => number} y
 */
function middle(line, x, y) {
  let path = "", is_open = false;
  line.p50.forEach((v, k) => {
    if (v === null || !Number.isFinite(v)) {
      is_open = false;
      return;
    }
    path += `${is_open ? "L" : "M"}${x(k).toFixed(1)} ${y(v).toFixed(1)}`;
    is_open = true;
  });
  const node = draw("path", { class: line.dashed ? "line dashed" : "line", d: path });
  paint(node, "stroke", line.colour);
  return node;
}

/**
 * @param {SVGElement} svg
 * @param {Chart} chart
 * @param {(k: number) => number} x
 * @param {(v: number) => number} y
 * @param {number} last
 */
function marks(svg, chart, x, y, last) {
  const start = month_index(chart.months[0] ?? "0000-01");
  for (const point of chart.record) {
    const k = month_index(point.month) - start;
    if (k < 0 || k > last) continue;
    if (point.low !== null && point.high !== null) svg.append(draw("line", { class: "error", x1: x(k), x2: x(k), y1: y(point.low), y2: y(point.high) }));
    svg.append(draw("circle", { class: "point", cx: x(k), cy: y(point.value), r: 3 }));
  }
}

/**
 * @param {SVGElement} svg
 * @param {Chart} chart
 * @param {number} x
 * @param {(v: number) => number} y
 * @param {[number, number]} span
 */
function end_labels(svg, chart, x, y, [top, bottom]) {
  const labels = chart.lines.flatMap((line) => {
    const value = line.p50.findLast((v) => v !== null);
    return value === null || value === undefined ? [] : [{ y: y(value) + 4, line }];
  }).map((label) => ({ ...label, rows: two_rows(label.line.label, 22) })).sort((a, b) => a.y - b.y);
  let free = top;
  for (const label of labels) {
    label.y = Math.max(label.y, free + ROW);
    free = label.y + ROW * (label.rows.length - 1);
  }
  let most = bottom;
  for (const label of [...labels].reverse()) {
    label.y = Math.min(label.y, most - ROW * (label.rows.length - 1));
    most = label.y - ROW;
    const text = draw("text", { class: "end" }, ...label.rows.map((row, n) => draw("tspan", { x, y: label.y + ROW * n, text: row })));
    paint(text, "fill", label.line.colour.replace(/^var\(--(.*)\)$/, "var(--$1-text)"));
    svg.append(text);
  }
}

/** The months of charts, as the reader picks one. */
export const months_from = (/** @type {string} */ first, /** @type {string} */ last) => {
  const out = [];
  for (let m = month_index(first); m <= month_index(last); m++) out.push(month_text(m));
  return out;
};
