// The timeline of the law of one arm, on which rules are switched, moved and edited.

import { edit_row, reset_row, rows_of } from "./calendar.js";
import { button, find, labelled, make, select, set } from "./dom.js";
import { describe_slider, make_slider } from "./drag.js";
import { add_months, day_position, day_words, month_index } from "./format.js";
import { edit_form } from "./rule_form.js";
import { arm_label } from "./question.js";

/** @import { Row, Edit } from "./calendar.js" */
/** @import { Store, World } from "./types.d.ts" */

/** How many rules that the arm does not hold a search shows. */
const MOST_FOUND = 12;

/**
 * @param {World} world
 * @param {Store} store
 */
export function show_timeline(world, store) {
  const host = find("timeline");
  const timeline = new Timeline(world, store);
  host.append(timeline.choice, timeline.search, timeline.status, timeline.years, timeline.list);
  store.listen(() => timeline.render());
  timeline.render();
  return timeline;
}

export class Timeline {
  /**
   * @param {World} world
   * @param {Store} store
   */
  constructor(world, store) {
    this.world = world;
    this.store = store;
    this.arm = store.get().arms[0] ?? "";
    this.wanted = "";
    /** @type {string | null} the row whose form is open */
    this.open = null;
    /** @type {Map<string, RowView>} */
    this.views = new Map();
    this.choice = make("div");
    this.chosen = "";
    const search = make("input", { type: "search", id: "find-rule", placeholder: "such as H20, memory, Japan", autocomplete: "off" });
    search.addEventListener("input", () => {
      this.wanted = search.value.trim().toLowerCase();
      this.render();
    });
    this.search = labelled("Find a rule, also one that this arm does not hold", search);
    this.status = make("p", { class: "soft", role: "status" });
    this.years = make("div", { class: "years", "aria-hidden": "true" });
    this.list = make("ul", { class: "timeline", "data-field": "rules", tabindex: "-1", "aria-describedby": "timeline-help" });
  }

  /** @returns {[string, string]} */
  axis() {
    return [this.world.months.first + "-01", add_months((this.store.get().end || this.world.months.last) + "-01", 1)];
  }

  /**
   * Where a day stands on the axis, in per cent.
   * @param {string} day
   */
  position(day) {
    const [first, last] = this.axis().map(day_position);
    return Math.min(100, Math.max(0, ((day_position(day) - (first ?? 0)) / ((last ?? 1) - (first ?? 0))) * 100));
  }

  render() {
    const question = this.store.get();
    if (!question.arms.includes(this.arm)) this.arm = question.arms[0] ?? "";
    this.show_arms();
    const rows = rows_of(this.world, question, this.arm);
    const matching = rows.filter((row) => !this.wanted || `${row.label} ${row.about} ${row.description} ${row.id}`.toLowerCase().includes(this.wanted));
    const held = matching.filter((row) => row.is_member || row.is_changed);
    const others = this.wanted ? matching.filter((row) => !row.is_member && !row.is_changed).slice(0, MOST_FOUND) : [];
    const shown = [...held, ...others];
    const on = rows.filter((row) => row.on).length;
    const changed = rows.filter((row) => row.is_changed).length;
    this.status.textContent = `${on} rules switched on, ${changed} changed by you${this.wanted ? `; ${shown.length} found` : ""}.`;
    this.show_years();
    const focused = document.activeElement;
    const wanted_views = shown.map((row) => {
      let view = this.views.get(row.id);
      if (!view) this.views.set(row.id, (view = new RowView(this, row)));
      view.update(row);
      return view.node;
    });
    if (wanted_views.length !== this.list.children.length || wanted_views.some((node, n) => node !== this.list.children[n])) {
      this.list.replaceChildren(...wanted_views);
      if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus();
    }
  }

  show_arms() {
    const question = this.store.get();
    const options = question.arms.map((name) => ({ name, label: arm_label(this.world, question, name) }));
    const now = JSON.stringify([options, this.arm]);
    if (now === this.chosen) return;
    this.chosen = now;
    const had_focus = this.choice.contains(document.activeElement);
    const control = select(options, this.arm, (name) => {
      this.arm = name;
      this.open = null;
      this.views.clear();
      this.render();
    }, { id: "timeline-arm" });
    this.choice.replaceChildren(labelled("The law of this arm", control));
    if (had_focus) control.focus();
  }

  show_years() {
    const [first, last] = this.axis();
    const out = [];
    for (let year = Number(first.slice(0, 4)); year <= Number(last.slice(0, 4)); year += 2) {
      const mark = make("span", { text: String(year) });
      mark.style.left = `${this.position(`${year}-01-01`)}%`;
      out.push(mark);
    }
    this.years.replaceChildren(...out);
  }

  /** @param {string} id */
  toggle_form(id) {
    this.open = this.open === id ? null : id;
    this.render();
  }
}

/** One rule of the timeline. */
class RowView {
  /**
   * @param {Timeline} timeline
   * @param {Row} row
   */
  constructor(timeline, row) {
    this.timeline = timeline;
    this.row = row;
    this.box = make("input", { type: "checkbox" });
    this.box.addEventListener("change", () => this.edit({ on: this.box.checked }));
    this.name = make("span", { class: "title" });
    this.says = make("span", { class: "says" });
    this.dates = make("span", { class: "dates" });
    this.more = button("Edit", () => timeline.toggle_form(this.row.id), { class: "small" });
    this.bar = make("div", { class: "bar" });
    this.known = make("div", { class: "known" });
    this.start = make("div", { class: "handle" });
    this.end = make("div", { class: "handle end" });
    this.track = make("div", { class: "track" }, this.known, this.bar, this.start, this.end);
    this.form = make("div", { class: "rule-form" });
    this.form_shown = "";
    this.node = make("li", { "data-rule": row.id }, make("div", { class: "row" }, make(row.is_own ? "div" : "label", { class: "switch" }, row.is_own ? make("span", { class: "own", text: "Own" }) : this.box, make("span", { class: "name" }, this.name, " ", this.says)), this.more), this.track, this.dates, this.form);
    make_slider(this.start, this.track, this.dated("in_force"));
    make_slider(this.end, this.track, this.dated("lapses"));
  }

  /**
   * @param {"in_force" | "lapses"} which
   * @returns {import("./drag.js").Dated}
   */
  dated(which) {
    const { timeline } = this;
    return {
      name: which,
      day: () => this.row[which] ?? timeline.axis()[0],
      limits: () => {
        const [first, last] = timeline.axis();
        if (which === "lapses") return [this.row.in_force ?? first, last];
        return [first, this.row.lapses && this.row.lapses < last ? this.row.lapses : last];
      },
      axis: () => timeline.axis(),
      moving: (day) => this.place({ ...this.row, [which]: day }),
      moved: (day) => this.edit({ [which]: day }),
    };
  }

  /** @param {Edit} edit */
  edit(edit) {
    const { world, store, arm } = this.timeline;
    edit_row(world, store, arm, this.row, edit);
  }

  /** @param {Row} row */
  update(row) {
    this.row = row;
    this.box.checked = row.on;
    this.name.textContent = row.label;
    this.says.textContent = row.is_ambiguous ? row.description : "";
    this.node.classList.toggle("off", !row.on);
    this.node.classList.toggle("changed", row.is_changed);
    const is_open = this.timeline.open === row.id;
    set(this.more, { "aria-expanded": String(is_open), "aria-label": `Edit ${row.label}${row.is_ambiguous ? `: ${row.description}` : ""}` });
    this.place(row);
    const now = is_open ? JSON.stringify(row) : "";
    if (now !== this.form_shown) {
      this.form_shown = now;
      const focused = this.form.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
      this.form.replaceChildren(...(is_open ? edit_form(row, (edit) => this.edit(edit), () => {
        if (row.is_own) this.timeline.open = null;
        reset_row(this.timeline.store, this.timeline.arm, row);
        const after = row.is_own ? find("find-rule") : this.more;
        after.focus();
      }) : []));
      if (focused) /** @type {HTMLElement | null} */ (this.form.querySelector(`[data-key="${focused}"]`))?.focus();
    }
  }

  /**
   * Puts the bar where the dates are.
   * @param {Row} row
   */
  place(row) {
    const { timeline } = this;
    const axis = timeline.axis();
    const from = timeline.position(row.in_force ?? axis[1]);
    const to = row.lapses ? timeline.position(row.lapses) : 100;
    this.bar.style.left = `${from}%`;
    this.bar.style.width = `${Math.max(0, to - from)}%`;
    const known = timeline.position(row.announced ?? row.in_force ?? axis[1]);
    this.known.style.left = `${known}%`;
    this.known.style.width = `${Math.max(0, from - known)}%`;
    this.start.style.left = `${from}%`;
    this.end.style.left = `${to}%`;
    this.start.hidden = row.in_force === null;
    this.end.hidden = row.lapses === null || month_index(row.lapses) > month_index(axis[1]);
    // Two dates may be close: the end stands a row below, so that each can be taken.
    this.track.classList.toggle("lapses", !this.end.hidden);
    describe_slider(this.start, `${row.label}: binds from`, row.in_force ?? axis[0], axis);
    describe_slider(this.end, `${row.label}: lapses`, row.lapses ?? axis[1], axis);
    this.dates.textContent = `${row.in_force ? `from ${day_words(row.in_force)}` : "no date in the record"}${row.lapses ? ` to ${day_words(row.lapses)}` : ""}${row.is_changed && !row.is_own ? " \u00b7 changed by you" : ""}${row.on ? "" : " \u00b7 switched off"}`;
  }
}
