// The law tab: what the rules of a day say of a table of chips, under one regime or two.

import * as api from "./api.js";
import { title } from "./calendar.js";
import { find, labelled, make, select, settle } from "./dom.js";

/** @import { Problem, Verdicts, World } from "./types.d.ts" */

const EXAMPLE = "chip\nH100 SXM\nH800 SXM\nA800 80GB SXM\nH20 96GB\nH200 SXM\nRTX 4090\n";
/** The program reads no body over 1 MiB. */
const MOST_BYTES = 1_000_000;

/** @param {World} world */
export function show_law(world) {
  const host = find("law-form");
  const state = { regimes: [world.regimes.find((r) => r.name === "history")?.name ?? world.regimes[0]?.name ?? "", ""], destination: "CHN" };
  const said = find("law-said");
  let running = new AbortController();
  let is_asked = false;

  const day = make("input", { type: "date", id: "law-day", value: "2023-12-01", required: true });
  const table = make("textarea", { id: "law-table", rows: 9, spellcheck: "false", "aria-describedby": "law-help" });
  table.value = EXAMPLE;
  const file = make("input", { type: "file", id: "law-file", accept: ".csv,.tsv,.txt,text/csv,text/plain" });

  async function ask() {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    is_asked = true;
    if (!day.validity.valid || day.value === "") return say("A day is missing.");
    if (new Blob([table.value]).size > MOST_BYTES) return say("This table is larger than the program reads at once (1 MB).");
    say("Reading the law\u2026");
    const regimes = state.regimes.filter(Boolean);
    try {
      const verdicts = await api.verdicts({ text: table.value, date: day.value, destination: state.destination, regimes }, signal);
      if (signal.aborted) return;
      show_verdicts(world, regimes, verdicts);
      say(verdicts.rows.length > 0 ? `${verdicts.rows.length} chips read${different(verdicts)}.` : "No verdicts: see below.");
    } catch (error) {
      if (signal.aborted) return;
      find("law-verdicts").replaceChildren();
      show_problems(api.in_words(error));
      say("No verdicts: see below.");
    }
  }
  /** @param {string} words */
  const say = (words) => { said.textContent = words; };
  const later = settle(400, () => void ask());

  /** @param {File | undefined} given */
  async function take(given) {
    if (!given) return;
    if (given.size > MOST_BYTES) return say("This file is larger than the program reads at once (1 MB).");
    table.value = await given.text();
    await ask();
  }
  file.addEventListener("change", () => void take(file.files?.[0]));
  for (const name of ["dragover", "dragleave", "drop"]) {
    table.addEventListener(name, (event) => {
      event.preventDefault();
      table.classList.toggle("drop", name === "dragover");
      if (event instanceof DragEvent && name === "drop") void take(event.dataTransfer?.files[0]);
    });
  }
  day.addEventListener("change", later);
  table.addEventListener("input", later);
  const places = world.destinations.map((d) => ({ name: d.code, label: d.label }));
  const none = { name: "", label: "None" };
  host.append(
    labelled("Day of the sale", day),
    labelled("Destination", select(places, state.destination, (code) => { state.destination = code; later(); }, { id: "law-destination" })),
    labelled("Regime", select(world.regimes, state.regimes[0] ?? "", (name) => { state.regimes[0] = name; later(); }, { id: "law-regime" })),
    labelled("Beside it, another regime", select([none, ...world.regimes], "", (name) => { state.regimes[1] = name; later(); }, { id: "law-other" })),
    labelled("Chips: paste a table or drop a file here; empty: every chip that the program knows", table),
    make("p", { class: "soft", id: "law-help", text: world.chip_columns_help }),
    labelled("Or choose a file", file),
    make("button", { type: "submit", text: "Show the verdicts" }),
  );
  host.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask();
  });
  return { opened: () => { if (!is_asked) void ask(); } };
}

/** @param {Verdicts} verdicts */
function different(verdicts) {
  const n = verdicts.rows.filter(differs).length;
  return (verdicts.rows[0]?.verdicts.length ?? 0) < 2 ? "" : `; the two regimes differ on ${n} of them`;
}

/** @param {Verdicts["rows"][number]} row */
function differs(row) {
  return row.verdicts.length > 1 && row.verdicts[0]?.verdict !== row.verdicts[1]?.verdict;
}

/**
 * Titles of the rules that decide, for their names.
 * @param {World} world
 * @param {string} names
 */
function rule_words(world, names) {
  const titles = names.split(", ").map((name) => {
    const rule = world.rules.find((one) => one.name === name);
    return rule ? title(rule) : name;
  });
  return [...new Set(titles)].join("; ");
}

/** @param {Problem[]} problems */
function show_problems(problems) {
  find("law-problems").replaceChildren(...problems.map((p) => make("p", { class: "fault" }, p.message, p.help ? ` ${p.help}` : "")));
}

/**
 * @param {World} world
 * @param {string[]} regimes
 * @param {Verdicts} verdicts
 */
function show_verdicts(world, regimes, verdicts) {
  show_problems((verdicts.problems ?? []).map(api.problem));
  const names = regimes.map((name) => world.regimes.find((r) => r.name === name)?.label ?? name);
  const head = make("tr", {}, make("th", { scope: "col", text: "Chip" }), ...names.map((text) => make("th", { scope: "col", text })));
  const rows = verdicts.rows.map((row) => make("tr", { class: differs(row) ? "differs" : null },
    make("th", { scope: "row", text: row.chip }),
    ...row.verdicts.map((v) => make("td", {},
      make("span", { class: `verdict v-${v.verdict.replace(/[^a-z]+/g, "-")}`, text: v.verdict }),
      ...(v.importer && v.importer !== "free" && v.importer !== v.verdict ? [make("span", { class: `verdict v-${v.importer.replace(/[^a-z]+/g, "-")}`, text: `importer: ${v.importer}` })] : []),
      make("span", { class: "why" }, v.because, v.rule ? make("span", { class: "soft", text: ` ${rule_words(world, v.rule)}` }) : "")))));
  const notes = (verdicts.notes ?? []).length > 0 ? [make("h3", { text: "How the table was read" }), make("ul", {}, ...verdicts.notes.map((text) => make("li", { text })))] : [];
  find("law-verdicts").replaceChildren(
    ...(rows.length > 0 ? [make("table", { class: "verdicts" }, make("caption", { class: "hidden", text: "Verdicts" }), make("thead", {}, head), make("tbody", {}, ...rows))] : []),
    ...notes,
  );
}
