// Makes elements of the page; all text is set as text.

/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {Element} node
 * @param {Attributes} attributes
 */
export function set(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") node.textContent = String(value ?? "");
    else if (value === null || value === undefined || value === false) node.removeAttribute(key);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  set(node, attributes);
  node.append(...children);
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function draw(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  set(node, attributes);
  node.append(...children);
  return node;
}

/**
 * The element of the page with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function find(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no element ${id}`);
  return node;
}

/**
 * A button that does something.
 * @param {string} text
 * @param {() => void} action
 * @param {Attributes} [attributes]
 */
export function button(text, action, attributes = {}) {
  const node = make("button", { type: "button", text, ...attributes });
  node.addEventListener("click", action);
  return node;
}

/**
 * A list to choose from.
 * @param {{ name: string, label: string }[]} options
 * @param {string} value
 * @param {(value: string) => void} chosen
 * @param {Attributes} [attributes]
 */
export function select(options, value, chosen, attributes = {}) {
  const node = make("select", attributes);
  for (const option of options) node.append(make("option", { value: option.name, text: option.label }));
  node.value = value;
  node.addEventListener("change", () => chosen(node.value));
  return node;
}

/**
 * A label above its control.
 * @param {string} text
 * @param {HTMLElement} control
 */
export function labelled(text, control) {
  return make("label", { class: "field" }, make("span", { text }), control);
}

/**
 * Waits until calls have stopped for some milliseconds, then does the last one.
 * @template {unknown[]} A
 * @param {number} pause_ms
 * @param {(...values: A) => void} action
 * @returns {(...values: A) => void}
 */
export function settle(pause_ms, action) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), pause_ms);
  };
}
