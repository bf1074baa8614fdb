// Holds the question that the page asks and writes it into the address and back.

/** @import { Numbers, OwnRule, Question, Regime, RuleChange, Store, World } from "./types.d.ts" */

/**
 * @param {Question} start
 * @returns {Store}
 */
export function create_store(start) {
  let question = start;
  /** @type {((question: Question) => void)[]} */
  const listeners = [];
  /** @param {Question} next */
  const replace = (next) => {
    if (encode(next) === encode(question)) return;
    question = next;
    for (const listener of listeners) listener(question);
  };
  return {
    get: () => question,
    change(edit) {
      const next = structuredClone(question);
      edit(next);
      replace(next);
    },
    replace,
    listen: (listener) => void listeners.push(listener),
  };
}

/**
 * The question as base64url of its JSON, keys in a fixed order.
 * @param {Question} question
 */
export function encode(question) {
  const { study, baseline, arms, rules, own_rules, parameters, off, end, futures, seed } = question;
  const bytes = new TextEncoder().encode(JSON.stringify({ study, baseline, arms, rules, own_rules, parameters: sorted(parameters), off, end, futures, seed }));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {Numbers} numbers */
function sorted(numbers) {
  return Object.fromEntries(Object.entries(numbers).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The question of an address; null when it is none. What it names is checked by the program.
 * @param {string} text what stands after `#`
 * @returns {Question | null}
 */
export function decode(text) {
  try {
    const binary = atob(text.replace(/^#/, "").replaceAll("-", "+").replaceAll("_", "/"));
    return read(JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)))));
  } catch {
    return null;
  }
}

/**
 * @param {unknown} value
 * @returns {Question | null}
 */
function read(value) {
  if (!is_record(value) || typeof value.baseline !== "string") return null;
  return {
    study: string(value.study),
    baseline: value.baseline,
    arms: list(value.arms, (arm) => (typeof arm === "string" ? arm : null)),
    rules: list(value.rules, read_change),
    own_rules: list(value.own_rules, read_own),
    parameters: numbers(value.parameters),
    off: list(value.off, (name) => (typeof name === "string" ? name : null)),
    end: string(value.end),
    futures: integer(value.futures, 100),
    seed: integer(value.seed, 1),
  };
}

/**
 * @param {unknown} value
 * @returns {RuleChange | null}
 */
function read_change(value) {
  if (!is_record(value) || typeof value.arm !== "string" || typeof value.name !== "string") return null;
  /** @type {RuleChange} */
  const change = { arm: value.arm, name: value.name };
  if (typeof value.on === "boolean") change.on = value.on;
  for (const key of /** @type {const} */ (["announced", "in_force", "lapses"])) {
    const day = value[key];
    if (typeof day === "string") change[key] = day;
  }
  if (is_record(value.numbers) && Object.keys(value.numbers).length > 0) change.numbers = numbers(value.numbers);
  return change;
}

/**
 * @param {unknown} value
 * @returns {OwnRule | null}
 */
function read_own(value) {
  if (!is_record(value) || typeof value.arm !== "string" || typeof value.template !== "string") return null;
  return {
    arm: value.arm,
    template: value.template,
    name: string(value.name),
    announced: string(value.announced),
    in_force: string(value.in_force),
    numbers: numbers(value.numbers),
    destinations: list(value.destinations, (code) => (typeof code === "string" ? code : null)),
  };
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function is_record(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value */
function string(value) {
  return typeof value === "string" ? value : "";
}

/**
 * @param {unknown} value
 * @param {number} otherwise
 */
function integer(value, otherwise) {
  return typeof value === "number" && Number.isInteger(value) ? value : otherwise;
}

/**
 * @template T
 * @param {unknown} value
 * @param {(item: unknown) => T | null} read_item
 * @returns {T[]}
 */
function list(value, read_item) {
  return Array.isArray(value) ? value.map(read_item).filter((item) => item !== null) : [];
}

/**
 * @param {unknown} value
 * @returns {Numbers}
 */
function numbers(value) {
  /** @type {Numbers} */
  const out = {};
  if (is_record(value)) for (const [name, number] of Object.entries(value)) if (typeof number === "number") out[name] = number;
  return out;
}

/**
 * Every arm that the question may name: those of its study, then the shipped regimes.
 * @param {World} world
 * @param {Question} question
 * @returns {Regime[]}
 */
export function arms_to_choose(world, question) {
  const of_study = world.presets.find((p) => p.question.study === question.study && question.study !== "")?.arms ?? [];
  const names = new Set(of_study.map((arm) => arm.name));
  return [...of_study, ...world.regimes.filter((regime) => !names.has(regime.name))];
}

/**
 * @param {World} world
 * @param {Question} question
 * @param {string} name
 * @returns {Regime}
 */
export function arm_of(world, question, name) {
  return arms_to_choose(world, question).find((arm) => arm.name === name) ?? { name, label: name, description: "", rules: [] };
}

/**
 * The label of an arm; an edited arm says so.
 * @param {World} world
 * @param {Question} question
 * @param {string} name
 */
export function arm_label(world, question, name) {
  const is_edited = question.rules.some((r) => r.arm === name) || question.own_rules.some((r) => r.arm === name);
  return arm_of(world, question, name).label + (is_edited ? ", changed" : "");
}

/**
 * The change that a question makes to a rule, if it makes one.
 * @param {Question} question
 * @param {string} arm
 * @param {string} name
 */
export function change_of(question, arm, name) {
  return question.rules.find((r) => r.arm === arm && r.name === name);
}

/**
 * Changes a rule of an arm; what equals the shipped rule is left out again.
 * @param {Question} question to change
 * @param {string} arm
 * @param {string} name
 * @param {Partial<RuleChange>} edit
 * @param {{ on: boolean, announced: string | null, in_force: string | null, lapses: string, numbers: Numbers }} shipped
 */
export function edit_rule(question, arm, name, edit, shipped) {
  const before = change_of(question, arm, name) ?? { arm, name };
  /** @type {RuleChange} */
  const after = { arm, name };
  const all = { ...before, ...edit };
  if (all.on !== undefined && all.on !== shipped.on) after.on = all.on;
  for (const key of /** @type {const} */ (["announced", "in_force", "lapses"])) {
    if (all[key] !== undefined && all[key] !== shipped[key]) after[key] = all[key];
  }
  const changed = Object.entries({ ...before.numbers, ...edit.numbers }).filter(([key, value]) => shipped.numbers[key] !== value);
  if (changed.length > 0) after.numbers = Object.fromEntries(changed);
  question.rules = question.rules.filter((r) => r.arm !== arm || r.name !== name);
  if (Object.keys(after).length > 2) question.rules.push(after);
}
