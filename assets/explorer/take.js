// Takes the question and its answer along: link, study, command, report, figures and citation.

import * as api from "./api.js";
import { button, find, labelled, make, select } from "./dom.js";
import { encode } from "./question.js";

/** @import { Store, World } from "./types.d.ts" */

/**
 * @param {World} world
 * @param {Store} store
 */
export function show_take(world, store) {
  const host = find("take");
  const said = make("p", { role: "status", class: "soft" });
  const text = make("textarea", { id: "take-text", readonly: true, rows: 8, spellcheck: "false", "aria-label": "Text to copy" });
  const box = make("div", { hidden: true }, text, button("Copy", () => void copy(), { id: "take-copy" }));
  let figure = world.figures?.[0]?.name ?? "";

  /**
   * @param {string} words
   * @param {string} shown
   */
  function present(words, shown) {
    box.hidden = false;
    text.value = shown;
    text.rows = Math.min(14, Math.max(3, shown.split("\n").length + 1));
    said.textContent = words;
  }

  async function copy() {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "The browser does not let the page copy. The text is selected: copy it with the keyboard.";
    }
  }

  /**
   * @param {string} what
   * @param {string} words
   * @param {(blob: Blob, name: string | null) => void | Promise<void>} use
   */
  async function fetch_it(what, words, use) {
    said.textContent = words;
    try {
      const { blob, name } = await api.take(what, store.get());
      await use(blob, name);
    } catch (error) {
      said.textContent = api.in_words(error).map((p) => [p.message, p.help].filter(Boolean).join(" ")).join(" ");
    }
  }

  /**
   * @param {string} what
   * @param {string} file
   */
  const save = (what, file) => void fetch_it(what, `Preparing ${file}\u2026`, (blob, name) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: name ?? file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    said.textContent = `${name ?? file} is saved in your folder of downloads.`;
  });
  /**
   * @param {string} what
   * @param {string} words
   */
  const read = (what, words) => void fetch_it(what, "Asking\u2026", async (blob) => present(words, await blob.text()));

  const with_rules = button("Study with its rules (ZIP)", () => save("files", "study.zip"), { id: "take-files" });
  /** Changed numbers and rules of the reader's own are files beside the study. */
  const offer = () => {
    const { rules, own_rules } = store.get();
    with_rules.hidden = rules.length + own_rules.length === 0;
  };
  store.listen(offer);
  offer();
  host.append(
    make("div", { class: "buttons" },
      button("Link", () => present("This command opens the same question elsewhere. The address of this page holds it too, after #.", `chokepoint explore --question ${encode(store.get())}`), { id: "take-link" }),
      button("Command", () => read("command", "This command repeats the answer."), { id: "take-command" }),
      button("Citation", () => read("citation", "How to cite this answer."), { id: "take-citation" }),
      button("Study (TOML)", () => save("toml", "study.toml"), { id: "take-toml" }),
      with_rules,
      button("Report (HTML)", () => save("report", "report.html"), { id: "take-report" })),
    ...(world.figures && world.figures.length > 0 ? [make("div", { class: "inline" },
      labelled("Figure", select(world.figures, figure, (name) => { figure = name; }, { id: "take-figure" })),
      make("div", { class: "buttons" }, ...["PNG", "SVG", "CSV"].map((kind) => {
        const ending = kind.toLowerCase();
        return button(kind, () => save(`figure/${encodeURIComponent(figure)}.${ending}`, `${figure}.${ending}`), { id: `take-${ending}`, "aria-label": `Figure as ${kind}` });
      })))] : []),
    said, box,
  );
}
