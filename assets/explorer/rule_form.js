// The form in which dates and numbers of one rule are edited.

import { button, labelled, make, settle } from "./dom.js";
import { setting } from "./format.js";

/** @import { Row, Edit } from "./calendar.js" */
/** @import { RuleNumber } from "./types.d.ts" */

/** A slider over a range this many times the value could not set it. */
const WIDE = 40;
/** An end of a range that means none. */
const BOUNDLESS = 1e12;

/**
 * @param {Row} row
 * @param {(edit: Edit) => void} edit
 * @param {() => void} reset
 * @returns {HTMLElement[]}
 */
export function edit_form(row, edit, reset) {
  /** @type {HTMLElement[]} */
  const parts = [make("p", { class: "soft", text: row.about })];
  if (row.description) parts.push(make("p", { text: row.description }));
  if (row.citation) parts.push(make("p", { class: "soft" }, row.citation, ...(row.url.startsWith("https://") ? [" ", make("a", { href: row.url, target: "_blank", rel: "noreferrer", text: "Text (opens the web)" })] : [])));
  parts.push(day_field("Announced: from this day it is expected", "announced", row.announced, (day) => edit({ announced: day ?? undefined })));
  parts.push(day_field("In force: from this day it binds", "in_force", row.in_force, (day) => edit({ in_force: day ?? undefined })));
  if (row.may_lapse) parts.push(day_field("Lapses (empty: never)", "lapses", row.lapses, (day) => edit({ lapses: day })));
  for (const number of row.numbers) parts.push(number_field(number, (value) => edit({ numbers: { [number.name]: value } })));
  parts.push(button(row.is_own ? "Remove this rule" : "Back to the law as recorded", reset, { class: "small", disabled: !row.is_changed, "data-key": "reset" }));
  return parts;
}

/**
 * @param {string} label
 * @param {string} key
 * @param {string | null} day
 * @param {(day: string | null) => void} changed
 */
function day_field(label, key, day, changed) {
  const input = make("input", { type: "date", value: day ?? "", "data-key": key, min: "2000-01-01", max: "2099-12-31" });
  input.addEventListener("change", () => {
    if (input.value === "" && key !== "lapses") input.value = day ?? "";
    else if (input.validity.valid) changed(input.value || null);
  });
  return labelled(label, input);
}

/**
 * What a number is, in words; lines of conditions end with their comparison.
 * @param {string} label
 */
function number_words(label) {
  const ends = /** @type {const} */ ([[" >=", ": at or above"], [" <=", ": at or below"], [" >", ": above"], [" <", ": below"]]);
  const end = ends.find(([sign]) => label.endsWith(sign));
  const words = end ? label.slice(0, -end[0].length) + end[1] : label;
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/**
 * A number within its range, with a slider where the range has both ends.
 * @param {RuleNumber} number
 * @param {(value: number) => void} changed
 */
export function number_field(number, changed) {
  const { min, max, value } = number;
  const bounds = { min, max, step: "any" };
  const input = make("input", { type: "number", value, "data-key": number.name, inputmode: "decimal", ...bounds });
  const range_words = min !== null && max !== null && max < BOUNDLESS ? `${setting(min)} to ${setting(max)}` : min !== null ? `from ${setting(min)}` : max !== null ? `up to ${setting(max)}` : "";
  const hint = make("span", { class: "soft", text: range_words });
  const apply = () => {
    const next = Number(input.value);
    const is_valid = input.value !== "" && input.validity.valid && Number.isFinite(next);
    input.setAttribute("aria-invalid", String(!is_valid));
    hint.textContent = is_valid ? range_words : `A number ${range_words}`;
    if (is_valid) changed(next);
  };
  input.addEventListener("change", apply);
  const field = labelled(`${number_words(number.label)}${number.unit ? `, ${number.unit}` : ""}`, input);
  if (min !== null && max !== null && max - min <= WIDE * Math.abs(value ?? 0)) {
    const slider = make("input", { type: "range", "aria-label": number.label, "data-key": `${number.name}-range`, min, max, step: (max - min) / 200 || "any" });
    slider.value = String(value ?? min);
    const later = settle(120, apply);
    slider.addEventListener("input", () => {
      input.value = String(Number(Number(slider.value).toPrecision(4)));
      later();
    });
    field.append(slider);
  }
  field.append(hint);
  return field;
}
