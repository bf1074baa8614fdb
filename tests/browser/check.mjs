// Opens a report from disk in headless Chromium with networking off: no console error, no request, an arm off and on, the
// value of a month by keyboard, zoom, a ledger that sorts, no violation of WCAG 2.2 A and AA, phone width, scripts off, PDF.
// usage: node check.mjs REPORT [FOLDER FOR PICTURES]
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";

const [page_path, pictures] = process.argv.slice(2);
const url = "file://" + resolve(page_path);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const profile = mkdtempSync(join(tmpdir(), "report-"));
const failures = [];
const expect = (truth, words) => {
  console.log(`${truth ? "ok" : "FAILED"}: ${words}`);
  if (!truth) failures.push(words);
};

async function open(width, height, more = {}) {
  const context = await chromium.launchPersistentContext(join(profile, `${width}-${Object.keys(more).join("")}`), {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    viewport: { width, height },
    offline: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
    ...more,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const said = [], asked = [];
  page.on("console", (m) => { if (["error", "warning"].includes(m.type())) said.push(m.text()); });
  page.on("pageerror", (e) => said.push(String(e)));
  page.on("request", (r) => { if (!/^(file|data|blob):/.test(r.url())) asked.push(r.url()); });
  await page.goto(url, { waitUntil: "load" });
  return { context, page, said, asked };
}

// Faults for assistive technology.
async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
  }));
  if (found.passes.length < 15) return [`only ${found.passes.length} rules found something to look at`];
  return found.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary.slice(0, 200)}`);
}

// Whether anything but regions that scroll by themselves is wider than the window.
const too_wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

try {
  for (const [width, height] of [[1400, 900], [800, 1000], [390, 844]]) {
    const { context, page, said, asked } = await open(width, height);
    expect(said.length === 0, `${width} px: no error on the console ${said.join("; ")}`);
    expect(asked.length === 0, `${width} px: no request leaves the page ${asked.join(" ")}`);
    expect((await too_wide(page)) <= 0, `${width} px: nothing is wider than the window`);
    const charts = await page.locator(".live canvas").count();
    expect(charts > 3, `${width} px: ${charts} charts are drawn`);
    const painted = await page.evaluate(() => [...document.querySelectorAll(".live canvas")].every((c) =>
      c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, at) => at % 4 === 3 && v > 0)));
    expect(painted, `${width} px: every chart has ink`);
    const found = await violations(page);
    expect(found.length === 0, `${width} px: no violation of WCAG 2.2 A and AA ${found.join(" | ")}`);
    if (pictures) await page.screenshot({ path: join(pictures, `report-${width}.png`), fullPage: true });
    if (width === 390) {
      const end = await page.locator("#appendix-h").boundingBox();
      const screens = end.y / height;
      expect(screens < 12, `the appendix begins after ${screens.toFixed(1)} phone screens`);
    }
    await page.locator("details.fold").evaluateAll((all) => all.forEach((d) => { d.open = true; }));
    if (width !== 800) {
      const arm = page.locator("#arms input").last();
      const name = await arm.getAttribute("value");
      const lines = page.locator(`tbody tr[data-arm="${name}"]`).first();
      const label = (await arm.locator("..").textContent()).trim();
      const readout = await page.locator(".readout", { hasText: label }).first().elementHandle();
      const before = await readout.textContent();
      await arm.focus();
      await page.keyboard.press("Space");
      expect(!(await lines.isVisible()), `${width} px: rows of ${name} go when it is switched off by keyboard`);
      expect(before.includes(label) && !((await readout.isVisible()) && (await readout.textContent()).includes(label)), `${width} px: its values go too`);
      await page.keyboard.press("Space");
      expect(await lines.isVisible(), `${width} px: and come back`);
    }
    if (width === 1400) {
      const figure = page.locator(".live").first();
      const slider = figure.locator("input[type=range]");
      const read = () => figure.locator(".readout").first().textContent();
      const last = await read();
      await slider.focus();
      for (let n = 0; n < 24; n++) await page.keyboard.press("ArrowLeft");
      expect((await read()) !== last, "the value of another month is read by keyboard");
      const canvas = figure.locator(".u-over").first();
      await canvas.scrollIntoViewIfNeeded();
      const place = await canvas.boundingBox();
      const there = await read();
      await page.mouse.move(place.x + place.width * 0.3, place.y + place.height * 0.5);
      expect((await read()) !== there, "the value under the pointer is read");
      const ink = () => figure.locator("canvas").first().evaluate((c) => c.toDataURL());
      const whole = await ink();
      await figure.getByRole("button", { name: "Closer" }).click();
      expect((await ink()) !== whole, "a chart comes closer");
      if (pictures) await figure.screenshot({ path: join(pictures, "report-closer.png") });
      await figure.getByRole("button", { name: "All months" }).click();
      const taken = async (host, name) => {
        const [file] = await Promise.all([page.waitForEvent("download"), host.getByRole("button", { name }).click()]);
        return readFileSync(await file.path());
      };
      for (const kind of ["figure[data-live]", "figure:not([data-live]):has(.take)"]) {
        const host = page.locator(kind).first();
        await host.locator(".take > summary").click();
        for (const [name, wide, high] of [["PNG, screen", 1920, 0], ["PNG, slide", 1920, 1080], ["PNG, print", 3840, 0]]) {
          const png = await taken(host, name);
          const size = [png.readUInt32BE(16), png.readUInt32BE(20)];
          expect(size[0] === wide && (high === 0 || size[1] === high) && png.length > 20_000, `${kind}: ${name} is ${size.join(" by ")} pixels, ${png.length} bytes`);
          if (pictures) writeFileSync(join(pictures, `taken-${kind.includes("not") ? "static" : "live"}-${name.slice(5)}.png`), png);
        }
        const svg = (await taken(host, "SVG with text")).toString();
        expect(svg.startsWith("<svg") && svg.includes("<text") && svg.includes("Segoe UI"), `${kind}: the SVG has text`);
        const csv = (await taken(host, "Numbers")).toString().trim().split("\n");
        expect(csv.length > 2 && csv[0].includes(","), `${kind}: ${csv.length} lines of numbers`);
      }
      expect(said.length === 0 && asked.length === 0, "downloads ask nobody and leave the console clean");
      const ledger = page.locator("#ledger-table");
      if (await ledger.count()) {
        const column = await ledger.locator("thead th").allTextContents();
        const at = column.findIndex((c) => c.includes("share"));
        const cells = () => ledger.locator(`tbody td:nth-child(${at + 1})`).evaluateAll((all) => all.map((c) => c.getAttribute("data-v")).map((v) => (v === null ? null : +v)));
        const button = ledger.locator("thead th").nth(at).getByRole("button");
        await button.focus();
        await page.keyboard.press("Enter");
        const up = await cells();
        await page.keyboard.press("Enter");
        const down = await cells();
        const known = up.filter((v) => v !== null).sort((a, b) => a - b);
        const unknown = up.filter((v) => v === null);
        const same = (cells, sorted) => JSON.stringify(cells) === JSON.stringify([...sorted, ...unknown]);
        expect(known.length > 2 && same(up, known) && same(down, [...known].reverse()), "the ledger sorts, both ways, what has no value last");
      } else {
        expect(false, "there is a ledger to sort");
      }
      const order = await page.locator("main h2").allTextContents();
      expect(order.join("|").startsWith("In short|Did it work?|At whose cost?|Through what?|How sure?|What would change the answer?"), "the parts stand in the order in which a minister asks");
      const pdf = await page.pdf({ format: "A4", margin: { top: "14mm", bottom: "14mm", left: "12mm", right: "12mm" }, path: pictures && join(pictures, "report.pdf") });
      const pages = pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
      expect(pdf.length > 100_000 && pages > 5, `it prints to a PDF of ${pages} pages, ${pdf.length} bytes`);
      if (pictures) {
        await page.emulateMedia({ media: "print" });
        await page.setViewportSize({ width: 720, height: 1000 });
        await page.screenshot({ path: join(pictures, "report-print.png"), fullPage: true });
      }
    }
    await context.close();
  }
  for (const width of [1300, 390]) {
    const { context, page } = await open(width, 900, { colorScheme: "dark" });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(/^rgb\((\d|[1-4]\d), /.test(ground), `dark, ${width} px: the ground is ${ground}`);
    const found = await violations(page);
    expect(found.length === 0, `dark, ${width} px: no violation of WCAG 2.2 A and AA ${found.join(" | ")}`);
    if (pictures) await page.screenshot({ path: join(pictures, `report-dark-${width}.png`), fullPage: true });
    await context.close();
  }
  const { context, page, said } = await open(1000, 900, { javaScriptEnabled: false });
  expect(said.length === 0, `scripts off: no error on the console ${said.join("; ")}`);
  const shown = await page.locator("figure .static svg").all();
  let seen = 0;
  for (const svg of shown) if ((await svg.boundingBox())?.height > 100) seen += 1;
  expect(seen === shown.length && seen > 7, `scripts off: ${seen} of ${shown.length} figures stand as SVG`);
  expect((await page.locator("#arms").isVisible()) === false, "scripts off: no control that does nothing");
  if (pictures) await page.screenshot({ path: join(pictures, "report-static.png"), fullPage: true });
  await context.close();
  const size = statSync(page_path).size;
  expect(size < 3_000_000, `the page has ${size} bytes, under 3 MB`);
} finally {
  rmSync(profile, { recursive: true, force: true });
}
if (failures.length) {
  console.error(`${failures.length} failed`);
  process.exit(1);
}
