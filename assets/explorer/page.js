// Starts the page: reads the question of the address, shows it, and asks it.

import * as api from "./api.js";
import { AnswerPanel } from "./answer.js";
import { start_asking } from "./asking.js";
import { show_choice } from "./choice.js";
import { find } from "./dom.js";
import { create_futures } from "./futures.js";
import { show_law } from "./law.js";
import { show_own_rule } from "./own_rule.js";
import { show_problems } from "./problems.js";
import { create_store, decode, encode } from "./question.js";
import { show_responses, show_run_settings } from "./settings.js";
import { show_sliders } from "./sliders.js";
import { start_tabs } from "./tabs.js";
import { show_take } from "./take.js";
import { start_theme } from "./theme.js";
import { show_timeline } from "./timeline.js";

/** @import { Store, World } from "./types.d.ts" */

/** How often the page looks whether the program still runs. */
const LOOK_MS = 4000;

start_theme();
keep_links();
for (const fold of document.querySelectorAll("details.wide")) fold.toggleAttribute("open", innerWidth >= 1000);
try {
  start(await api.world());
} catch (error) {
  show_problems("The page cannot start.", api.in_words(error));
  find("before").hidden = true;
}

/** @param {World} world */
function start(world) {
  const shipped = world.start ?? world.presets[0]?.question;
  if (!shipped) throw new Error("the program sent no question to begin with");
  const asked = location.hash.length > 1 ? decode(location.hash) : null;
  const store = create_store(structuredClone(asked ?? shipped));
  const is_unreadable = location.hash.length > 1 && !asked;

  show_choice(world, store);
  const timeline = show_timeline(world, store);
  show_own_rule(world, store, timeline);
  show_sliders(world, store);
  show_responses(world, store);
  show_run_settings(world, store);
  show_take(world, store);
  const law = show_law(world);
  start_tabs((tab) => { if (tab === "tab-law") law.opened(); });
  find("version").textContent = `chokepoint ${world.version}. ${world.citation}`;

  const panel = new AnswerPanel();
  const futures = create_futures(world, store);
  const asking = start_asking(store, {
    changed: () => panel.changed(),
    answered: (answer) => {
      show_problems("", []);
      panel.answered(answer);
      futures.show(answer);
    },
    done: () => panel.done(),
    cancelled: () => panel.cancelled(),
    failed: (problems) => {
      find("before").hidden = true;
      panel.failed();
      show_problems("The program cannot answer this.", problems);
    },
  });
  find("stop").addEventListener("click", () => void asking.stop());
  find("again").addEventListener("click", () => asking.now());
  keep_address(store);
  watch_program(() => asking.now());
  asking.now();
  if (is_unreadable) show_problems("The question in the address cannot be read.", [{ message: "The page opens with another question.", help: "Copy the whole address, with all that stands after #." }]);
}

/** Links to the answer move there, but leave the address to the question. */
function keep_links() {
  for (const link of document.querySelectorAll("a[href='#answer']")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      find("answer").focus();
      find("answer").scrollIntoView();
    });
  }
}

/**
 * The address holds the question after `#`, and a question in the address is taken up.
 * @param {Store} store
 */
function keep_address(store) {
  const write = () => history.replaceState(null, "", "#" + encode(store.get()));
  store.listen(write);
  write();
  addEventListener("hashchange", () => {
    const question = decode(location.hash);
    if (question) store.replace(question);
    else show_problems("The question in the address cannot be read.", [{ message: "The page keeps the question that it had." }]);
  });
}

/**
 * Says when the program has ended, and asks again when it is back.
 * @param {() => void} back
 */
function watch_program(back) {
  let was_alive = true;
  setInterval(async () => {
    if (document.hidden) return;
    const is_alive = await api.is_alive();
    if (is_alive !== was_alive) {
      find("ended").hidden = is_alive;
      if (is_alive) back();
    }
    was_alive = is_alive;
  }, LOOK_MS);
}
