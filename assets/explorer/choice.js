// The presets, the baseline and the arms of the question.

import { button, find, labelled, make, select } from "./dom.js";
import { arm_label, arm_of, arms_to_choose, encode } from "./question.js";

/** @import { Preset, Regime, Store, World } from "./types.d.ts" */

/** More lines than the theme has colours cannot be told apart. */
const MOST_ARMS = 7;

/**
 * @param {World} world
 * @param {Store} store
 */
export function show_choice(world, store) {
  const host = find("choice");
  let shown = "";

  function render() {
    const question = store.get();
    const now = JSON.stringify([question.study, question.baseline, question.arms, question.arms.map((a) => arm_label(world, question, a)), preset_of(world, store)?.name]);
    if (now === shown) return;
    shown = now;
    const focused = host.contains(document.activeElement) ? document.activeElement?.id : null;
    const preset = preset_of(world, store);
    const choices = arms_to_choose(world, question);
    const names = world.presets.map((p) => ({ name: p.name, label: p.label }));
    host.replaceChildren(
      labelled("Start from a question", select(preset ? names : [{ name: "", label: "Your own question" }, ...names], preset?.name ?? "", (name) => {
        const chosen = world.presets.find((p) => p.name === name);
        if (chosen) store.replace(structuredClone(chosen.question));
      }, { id: "preset" })),
      preset ? about(preset) : make("p", { class: "soft", text: "Changed by you. Choose a question above to start again." }),
      labelled("Baseline: what the others are compared with", select(choices, question.baseline, (name) => store.change((q) => { q.baseline = name; }), { id: "baseline", "data-field": "baseline" })),
      arms(question.arms, choices),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  /**
   * @param {string[]} chosen
   * @param {{ name: string, label: string }[]} choices
   */
  function arms(chosen, choices) {
    const question = store.get();
    const items = chosen.map((name) => make("li", {},
      make("span", {}, arm_label(world, question, name), ...explained(arm_of(world, question, name))),
      button("Remove", () => {
        store.change((q) => {
          q.arms = q.arms.filter((arm) => arm !== name);
          q.rules = q.rules.filter((r) => r.arm !== name);
          q.own_rules = q.own_rules.filter((r) => r.arm !== name);
        });
        document.getElementById("add-arm")?.focus();
      }, { "aria-label": `Remove ${arm_label(world, question, name)}`, class: "small", disabled: chosen.length === 1 })));
    const rest = choices.filter((arm) => !chosen.includes(arm.name));
    const full = chosen.length >= MOST_ARMS;
    const add = labelled("Add an arm", select([{ name: "", label: full ? `At most ${MOST_ARMS} arms` : "Choose a regime\u2026" }, ...rest], "", (name) => {
      if (name) store.change((q) => { q.arms.push(name); });
    }, { id: "add-arm", disabled: full }));
    return make("fieldset", { "data-field": "arms", tabindex: "-1" }, make("legend", { text: "Arms: the regimes that are compared (a regime is a dated set of rules)" }), make("ul", { class: "arms" }, ...items), add);
  }

  store.listen(render);
  render();
}

/**
 * What an arm is, where its label is only its name.
 * @param {Regime} arm
 */
function explained({ name, label, description }) {
  return label === name && description ? [make("span", { class: "soft", text: ` ${description}` })] : [];
}

/**
 * The whole question, which a list may cut, and what it is about.
 * @param {Preset} preset
 */
function about(preset) {
  return make("details", { class: "about" }, make("summary", { text: preset.label }), make("p", { class: "soft", text: preset.question_text }));
}

/**
 * The preset that asks exactly this question.
 * @param {World} world
 * @param {Store} store
 */
function preset_of(world, store) {
  const now = encode(store.get());
  return world.presets.find((preset) => encode(preset.question) === now);
}
