// Asks the program anew when the question has settled, and hands on what arrives.

import * as api from "./api.js";

/** @import { Answer, Problem, Question, Store } from "./types.d.ts" */

/** How long a question must stand before it is asked. */
const PAUSE_MS = 150;

/**
 * What is told while a question is asked.
 * @typedef {object} Listener
 * @property {() => void} changed the question changed; what is shown is old
 * @property {(answer: Answer) => void} answered
 * @property {() => void} done
 * @property {() => void} cancelled
 * @property {(problems: Problem[]) => void} failed
 */

/**
 * @param {Store} store
 * @param {Listener} listener
 */
export function start_asking(store, listener) {
  let running = new AbortController();
  let timer = 0;

  /** @param {Question} question */
  async function ask(question) {
    running = new AbortController();
    const { signal } = running;
    /** @param {string} name of a moment, noted when what it brought has been painted */
    const note = (name) => void requestAnimationFrame(() => setTimeout(() => { if (!signal.aborted) performance.mark(name); }));
    performance.mark("explorer:asked");
    try {
      for await (const line of api.ask(question, signal)) {
        if (signal.aborted) return;
        if (line.kind === "answer") {
          listener.answered(line);
          note("explorer:bands");
        } else if (line.kind === "done") {
          listener.done();
          note("explorer:done");
        } else if (line.kind === "cancelled") {
          listener.cancelled();
        } else {
          listener.failed(line.problems.map(api.problem));
        }
      }
    } catch (error) {
      if (!signal.aborted) listener.failed(api.in_words(error));
    }
  }

  /** @param {number} pause_ms */
  const again = (pause_ms) => {
    running.abort();
    clearTimeout(timer);
    for (const name of ["changed", "asked", "bands", "done"]) performance.clearMarks(`explorer:${name}`);
    performance.mark("explorer:changed");
    listener.changed();
    timer = setTimeout(() => void ask(store.get()), pause_ms);
  };
  store.listen(() => {
    again(PAUSE_MS);
  });
  return {
    now: () => again(0),
    async stop() {
      clearTimeout(timer);
      running.abort();
      listener.cancelled();
      try {
        await api.cancel();
      } catch (error) {
        listener.failed(api.in_words(error));
      }
    },
  };
}
