// A date on a timeline that moves by pointer and by keyboard.

import { add_days, add_months, day_position, day_words } from "./format.js";
import { set } from "./dom.js";

/**
 * What a handle needs to know of the date it moves.
 * @typedef {object} Dated
 * @property {string} name of the slider
 * @property {() => string} day
 * @property {() => [string, string]} limits
 * @property {() => [string, string]} axis first and last month of the timeline
 * @property {(day: string) => void} moving while the pointer is down
 * @property {(day: string) => void} moved when it has been let go
 */

/**
 * @param {HTMLElement} handle
 * @param {HTMLElement} track
 * @param {Dated} dated
 */
export function make_slider(handle, track, dated) {
  /** @param {string} day */
  const within = (day) => {
    const [low, high] = dated.limits();
    return day < low ? low : day > high ? high : day;
  };
  handle.addEventListener("keydown", (event) => {
    const months = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12 }[event.key];
    const [low, high] = dated.limits();
    if (months !== undefined) dated.moved(within(event.shiftKey ? add_days(dated.day(), Math.sign(months)) : add_months(dated.day(), months)));
    else if (event.key === "Home") dated.moved(low);
    else if (event.key === "End") dated.moved(high);
    else return;
    event.preventDefault();
  });
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const start = dated.day();
    const from = event.clientX;
    const width = track.getBoundingClientRect().width || 1;
    const [first, last] = dated.axis();
    const months = day_position(last) - day_position(first);
    let day = start;
    /** @param {PointerEvent} move */
    const follow = (move) => {
      day = within(add_months(start, Math.round(((move.clientX - from) / width) * months)));
      dated.moving(day);
    };
    /** @param {boolean} keep */
    const end = (keep) => {
      handle.removeEventListener("pointermove", follow);
      handle.removeEventListener("pointerup", drop);
      handle.removeEventListener("pointercancel", leave);
      removeEventListener("keydown", escape, true);
      if (keep) dated.moved(day);
      else dated.moving(start);
    };
    const drop = () => end(true);
    const leave = () => end(false);
    /** @param {KeyboardEvent} key */
    const escape = (key) => {
      if (key.key === "Escape") end(false);
    };
    handle.addEventListener("pointermove", follow);
    handle.addEventListener("pointerup", drop);
    handle.addEventListener("pointercancel", leave);
    addEventListener("keydown", escape, true);
  });
}

/**
 * Tells assistive technology where a handle stands.
 * @param {HTMLElement} handle
 * @param {string} name
 * @param {string} day
 * @param {[string, string]} axis
 */
export function describe_slider(handle, name, day, [first, last]) {
  set(handle, {
    role: "slider", tabindex: "0", "aria-label": name, "aria-orientation": "horizontal",
    "aria-valuemin": Math.round(day_position(first)), "aria-valuemax": Math.round(day_position(last)),
    "aria-valuenow": Math.round(Math.min(day_position(last), Math.max(day_position(first), day_position(day)))), "aria-valuetext": day_words(day),
  });
}
