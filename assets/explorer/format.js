// Writes numbers, months and days as the report writes them.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @param {number} value */
function two_digits(value) {
  const size = Math.abs(value);
  if (size >= 100) {
    const power = Math.pow(10, Math.floor(Math.log10(size)) - 1);
    return Math.round(value / power) * power;
  }
  return Number(value.toPrecision(2));
}

/** @param {number} value */
function plain(value) {
  const text = String(value).replace("-", "\u2013");
  return text.includes("e") ? text : text.replace(/\d+/, (whole) => (whole.length > 3 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole));
}

/**
 * @param {string} unit
 * @param {number} size
 * @returns {[number, string]}
 */
function prefix(unit, size) {
  const written = /^(H100e|chips|USD)/.test(unit);
  if (size >= 0.9995e12) return [1e12, written ? " tn" : " T"];
  if (size >= 0.9995e9) return [1e9, written ? " bn" : " G"];
  if (size >= 0.9995e6) return [1e6, written ? " m" : " M"];
  if (size >= 9995) return [1e3, " k"];
  return [1, ""];
}

/**
 * A number to two digits in its unit's own way.
 * @param {number | null | undefined} value
 * @param {string} unit
 */
export function number(value, unit) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "none";
  if (unit === "fraction") return plain(Math.round(value * 1000) / 10) + "\u00a0%";
  const [by, name] = prefix(unit, Math.abs(value));
  const short = two_digits(value / by);
  return plain(short === 0 ? 0 : short) + name;
}

/**
 * A tick of an axis: every digit of it is meant.
 * @param {number} value
 * @param {string} unit
 */
export function tick(value, unit) {
  if (unit === "fraction") return plain(Number((value * 100).toPrecision(6))) + "\u00a0%";
  const [by, name] = prefix(unit, Math.abs(value));
  return plain(Number((value / by).toPrecision(6))) + name;
}

/**
 * A number that the reader sets, with every digit that counts.
 * @param {number} value
 */
export function setting(value) {
  return plain(Number(value.toPrecision(4)));
}

/**
 * The unit in words behind a number or in a heading.
 * @param {string} unit
 */
export function unit_words(unit) {
  return unit === "fraction" ? "per cent" : unit;
}

/**
 * Months since the year 0.
 * @param {string} text of a month or a day
 */
export function month_index(text) {
  return Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7)) - 1;
}

/** @param {number} index */
export function month_text(index) {
  return `${String(Math.floor(index / 12)).padStart(4, "0")}-${String((index % 12) + 1).padStart(2, "0")}`;
}

/** @param {string} text of a month or a day */
export function month_words(text) {
  return `${MONTHS[Number(text.slice(5, 7)) - 1] ?? ""} ${text.slice(0, 4)}`;
}

/** @param {string | null | undefined} text */
export function day_words(text) {
  if (!text) return "no date";
  return text.length < 10 ? month_words(text) : `${Number(text.slice(8, 10))} ${month_words(text)}`;
}

/**
 * A day some months later; the day of the month stays where that month has it.
 * @param {string} day
 * @param {number} months
 */
export function add_months(day, months) {
  const index = month_index(day) + months;
  const last = new Date(Date.UTC(Math.floor(index / 12), (index % 12) + 1, 0)).getUTCDate();
  return `${month_text(index)}-${String(Math.min(Number(day.slice(8, 10)) || 1, last)).padStart(2, "0")}`;
}

/**
 * @param {string} day
 * @param {number} days
 */
export function add_days(day, days) {
  return new Date(Date.parse(day + "T00:00:00Z") + days * 86_400_000).toISOString().slice(0, 10);
}

/**
 * A day as months since the year 0, with the part of the month that has passed.
 * @param {string} day
 */
export function day_position(day) {
  return month_index(day) + ((Number(day.slice(8, 10)) || 1) - 1) / 31;
}
