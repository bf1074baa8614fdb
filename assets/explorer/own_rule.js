// The form that makes a rule of the reader's own from a template.

import { button, find, labelled, make, select } from "./dom.js";
import { number_field } from "./rule_form.js";

/** @import { Numbers, Store, Template, World } from "./types.d.ts" */

/** Where a rule of one's own bites unless told otherwise. */
const DESTINATION = "CHN";
const NAME = "Own rule";

/**
 * @param {World} world
 * @param {Store} store
 * @param {import("./timeline.js").Timeline} timeline where the new rule is shown
 */
export function show_own_rule(world, store, timeline) {
  const host = find("own-rule");
  const first = world.templates[0];
  if (!first) return;
  const form = new OwnRuleForm(world, store, timeline, first);
  host.append(form.node);
}

class OwnRuleForm {
  /**
   * @param {World} world
   * @param {Store} store
   * @param {import("./timeline.js").Timeline} timeline
   * @param {Template} template
   */
  constructor(world, store, timeline, template) {
    this.world = world;
    this.store = store;
    this.timeline = timeline;
    this.template = template;
    /** @type {Numbers} */
    this.numbers = {};
    /** @type {string[]} */
    this.destinations = [];
    this.name = make("input", { type: "text", id: "own-name", maxlength: 60, autocomplete: "off" });
    this.announced = make("input", { type: "date", id: "own-announced", required: true });
    this.in_force = make("input", { type: "date", id: "own-in-force", required: true });
    this.fields = make("div");
    this.places = make("ul", { class: "tokens" });
    this.said = make("p", { class: "soft", role: "status" });
    this.about = make("p", { class: "soft" });
    const kinds = select(world.templates.map((t) => ({ name: t.name, label: t.label.slice(0, 1).toUpperCase() + t.label.slice(1) })), template.name, (name) => {
      this.take(world.templates.find((t) => t.name === name) ?? template);
    }, { id: "own-template" });
    const add = select([{ name: "", label: "Choose\u2026" }, ...world.destinations.map((d) => ({ name: d.code, label: d.label }))], "", (code) => {
      if (code && !this.destinations.includes(code)) this.destinations.push(code);
      add.value = "";
      this.show_places();
    }, { id: "own-destination" });
    this.node = make("form", { novalidate: true }, labelled("Kind of rule", kinds), this.about, labelled("Its name", this.name),
      labelled("Announced: from this day it is expected", this.announced), labelled("In force: from this day it binds", this.in_force),
      this.fields, labelled("Destinations: add a country or group", add), this.places, make("button", { type: "submit", id: "own-add", text: "Add the rule" }), this.said);
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    this.take(template);
  }

  /** @param {Template} template */
  take(template) {
    this.template = template;
    this.numbers = {};
    for (const number of template.numbers) if (number.value !== null) this.numbers[number.name] = number.value;
    this.about.textContent = template.description ?? "";
    this.about.hidden = !template.description;
    this.name.value = this.free_name(NAME);
    this.announced.value = (template.dates?.announced ?? "2026-06-01").slice(0, 10);
    this.in_force.value = (template.dates?.in_force ?? "2027-01-01").slice(0, 10);
    this.destinations = template.destinations ?? this.world.destinations.filter((d) => d.code === DESTINATION).map((d) => d.code);
    this.fields.replaceChildren(...template.numbers.map((number) => number_field(number, (value) => { this.numbers[number.name] = value; })));
    this.show_places();
  }

  /**
   * A name that no rule of the question has.
   * @param {string} wanted
   */
  free_name(wanted) {
    const taken = new Set([...this.store.get().own_rules.map((r) => r.name), ...this.world.rules.map((r) => r.name)]);
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted} ${n}`;
    return name;
  }

  show_places() {
    this.places.replaceChildren(...this.destinations.map((code) => {
      const label = this.world.destinations.find((d) => d.code === code)?.label ?? code;
      return make("li", {}, make("span", { text: label }), button("Remove", () => {
        this.destinations = this.destinations.filter((c) => c !== code);
        this.show_places();
        find("own-destination").focus();
      }, { class: "small", "aria-label": `Remove ${label}` }));
    }));
  }

  add() {
    const problem = this.problem();
    this.said.textContent = problem?.text ?? "";
    if (problem) {
      problem.at.focus();
      return;
    }
    const name = this.name.value.trim();
    this.store.change((question) => {
      question.own_rules.push({
        arm: this.timeline.arm,
        template: this.template.name,
        name,
        announced: this.announced.value,
        in_force: this.in_force.value,
        numbers: { ...this.numbers },
        destinations: [...this.destinations],
      });
    });
    this.said.textContent = `\u201c${name}\u201d stands on the timeline above, where it can be moved and edited.`;
    this.name.value = this.free_name(NAME);
  }

  /** @returns {{ text: string, at: HTMLElement } | null} */
  problem() {
    const name = this.name.value.trim();
    if (!name) return { text: "The rule needs a name.", at: this.name };
    if (this.free_name(name) !== name) return { text: "Another rule has this name.", at: this.name };
    if (!this.announced.value) return { text: "The day of announcement is missing.", at: this.announced };
    if (!this.in_force.value) return { text: "The day from which the rule binds is missing.", at: this.in_force };
    if (this.announced.value > this.in_force.value) return { text: "A rule is announced no later than it binds.", at: this.announced };
    if (this.destinations.length === 0) return { text: "The rule needs a destination.", at: find("own-destination") };
    return null;
  }
}
