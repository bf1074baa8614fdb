// The rules of one arm as the question dates them: shipped, changed and of the reader's own.

import { arm_of, change_of, edit_rule } from "./question.js";

/** @import { Numbers, Question, Rule, RuleNumber, Store, World } from "./types.d.ts" */

/** What a question says of a rule that no longer lapses. */
const NEVER = "never";
/** What a rule is besides law. */
const STATUS = new Map([["law", ""], ["bill", "a bill, not enacted"], ["draft", "a draft"], ["hypothetical", "made up for studies"]]);
/** Rules without a date come last. */
const LAST = "9999";

/**
 * A row of the timeline.
 * @typedef {object} Row
 * @property {string} id
 * @property {string} label
 * @property {string} about issuer, kind and status
 * @property {string} description what it says
 * @property {string} citation
 * @property {string} url where its text can be read
 * @property {boolean} is_ambiguous whether another rule has the same label
 * @property {boolean} on
 * @property {boolean} is_own
 * @property {boolean} is_changed
 * @property {boolean} is_member whether the arm holds it as shipped
 * @property {string} order the recorded date, so that a rule that moves keeps its place in the list
 * @property {string | null} announced
 * @property {string | null} in_force
 * @property {string | null} lapses
 * @property {boolean} may_lapse
 * @property {RuleNumber[]} numbers with the values of the question
 */

/**
 * @typedef {{ on?: boolean, announced?: string, in_force?: string, lapses?: string | null, numbers?: Numbers }} Edit
 */

/**
 * @param {World} world
 * @param {Question} question
 * @param {string} arm
 * @returns {Row[]}
 */
export function rows_of(world, question, arm) {
  const members = new Set(arm_of(world, question, arm).rules);
  const kinds = new Map(world.templates.map((t) => [t.name, t.label]));
  const nations = new Map(world.destinations.map((d) => [d.code, d.label]));
  const shipped = world.rules.map((rule) => {
    const change = change_of(question, arm, rule.name);
    return {
      id: rule.name,
      label: title(rule),
      about: [nations.get(rule.issuer) ?? rule.issuer, STATUS.get(rule.status ?? "") ?? rule.status, kinds.get(rule.instrument) ?? rule.instrument].filter(Boolean).join(" \u00b7 "),
      description: rule.description ?? "",
      citation: rule.citation,
      url: rule.url ?? "",
      is_ambiguous: rule.label !== title(rule),
      on: change?.on ?? members.has(rule.name),
      is_own: false,
      is_changed: change !== undefined,
      is_member: members.has(rule.name),
      order: rule.in_force ?? LAST,
      announced: change?.announced ?? rule.announced,
      in_force: change?.in_force ?? rule.in_force,
      lapses: change?.lapses === NEVER ? null : (change?.lapses ?? rule.lapses),
      may_lapse: true,
      numbers: with_values(rule.numbers, change?.numbers),
    };
  });
  const own = question.own_rules.flatMap((rule) => {
    const template = world.templates.find((t) => t.name === rule.template);
    if (rule.arm !== arm || !template) return [];
    return [{
      id: rule.name,
      label: rule.name,
      about: `Your own rule \u00b7 ${template.label} \u00b7 ${rule.destinations.map((code) => nations.get(code) ?? code).join(", ")}`,
      description: "",
      citation: "",
      url: "",
      is_ambiguous: false,
      on: true,
      is_own: true,
      is_changed: true,
      is_member: true,
      order: "",
      announced: rule.announced,
      in_force: rule.in_force,
      lapses: null,
      may_lapse: false,
      numbers: with_values(template.numbers, rule.numbers),
    }];
  });
  return [...own, ...shipped].sort((a, b) => a.order.localeCompare(b.order));
}

/**
 * A text in which rules stand by their titles instead of their names.
 * @param {World} world
 * @returns {(text: string) => string}
 */
export function with_titles(world) {
  const titles = new Map(world.rules.map((rule) => [rule.name, title(rule)]));
  return (text) => text.replace(/[a-z]+(?:-[a-z0-9]+)+/g, (name) => (titles.has(name) ? `\u201c${titles.get(name)}\u201d` : name));
}

/**
 * The title of a rule's act, without the name that tells it from the act's other rules.
 * @param {Rule} rule
 */
export function title(rule) {
  const end = ` (${rule.name})`;
  return rule.label.endsWith(end) ? rule.label.slice(0, -end.length) : rule.label;
}

/**
 * @param {RuleNumber[]} numbers
 * @param {Numbers | undefined} values
 */
function with_values(numbers, values) {
  return numbers.map((number) => ({ ...number, value: values?.[number.name] ?? number.value }));
}

/**
 * Changes a row; text that is published no later than the rule binds moves with it.
 * @param {World} world
 * @param {Store} store
 * @param {string} arm
 * @param {Row} row
 * @param {Edit} edit
 */
export function edit_row(world, store, arm, row, edit) {
  const dated = { ...edit };
  if (edit.in_force && row.announced && edit.announced === undefined && row.announced > edit.in_force) dated.announced = edit.in_force;
  store.change((question) => {
    if (row.is_own) {
      const own = question.own_rules.find((r) => r.arm === arm && r.name === row.id);
      if (!own) return;
      own.announced = dated.announced ?? own.announced;
      own.in_force = dated.in_force ?? own.in_force;
      Object.assign(own.numbers, dated.numbers);
      return;
    }
    const rule = world.rules.find((r) => r.name === row.id);
    if (!rule) return;
    /** @type {Numbers} */
    const numbers = {};
    for (const number of rule.numbers) if (number.value !== null) numbers[number.name] = number.value;
    const { lapses, ...rest } = dated;
    const change = lapses === undefined ? rest : { ...rest, lapses: lapses ?? NEVER };
    edit_rule(question, arm, row.id, change, { on: row.is_member, announced: rule.announced, in_force: rule.in_force, lapses: rule.lapses ?? NEVER, numbers });
  });
}

/**
 * Takes a row back to what is shipped; a rule of the reader's own goes.
 * @param {Store} store
 * @param {string} arm
 * @param {Row} row
 */
export function reset_row(store, arm, row) {
  store.change((question) => {
    if (row.is_own) question.own_rules = question.own_rules.filter((r) => r.arm !== arm || r.name !== row.id);
    else question.rules = question.rules.filter((r) => r.arm !== arm || r.name !== row.id);
  });
}
