// Opens the page in headless Chromium, notes what it says and asks for, and finds faults for assistive technology.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How long a slow machine may take for anything but an answer. */
const PATIENCE_MS = 120_000;

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  headless: true,
  timeout: 2 * PATIENCE_MS,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A page of its own context; `faults` holds what the console said and what was asked beyond loopback. */
export async function open(browser, address, { width = 1300, height = 900, theme = "light", wait = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, acceptDownloads: true });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  context.setDefaultTimeout(PATIENCE_MS);
  context.setDefaultNavigationTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (m) => { if (["error", "warning"].includes(m.type())) faults.push(m.text()); });
  page.on("pageerror", (e) => faults.push(String(e)));
  page.on("request", (r) => { if (!/^(http:\/\/127\.0\.0\.1[:/]|blob:|data:)/.test(r.url())) faults.push(`asked for ${r.url()}`); });
  await page.goto(address, { waitUntil: "load" });
  if (wait) await complete(page);
  return { context, page, faults };
}

/** Waits until the answer to the question as it now stands is complete. */
export async function complete(page, timeout = 3 * PATIENCE_MS) {
  await page.waitForFunction(() => {
    // A change of the question clears these marks.
    return performance.getEntriesByName("explorer:done").length > 0 && document.getElementById("state").textContent.startsWith("Complete");
  }, null, { timeout });
}

/** The question that the address of a page holds. */
export const question_of = (page) => page.evaluate(() => {
  const binary = atob(location.hash.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
});

/** Faults for assistive technology, WCAG 2.2 A and AA; the page's own policy bars a script tag, so axe comes by the debugger. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"] },
  }));
  if (found.passes.length < 15) return [`only ${found.passes.length} rules found something to look at`];
  return found.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary.slice(0, 200)}`);
}

/** By how much something is wider than the window. */
export const too_wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What the answer shows, as text. */
export const answer_text = (page) => page.locator("#sentence").textContent();

/** The numbers that are read beside a chart. */
export const readout = (page, chart) => page.locator(`#chart-${chart} .readout`).textContent();
