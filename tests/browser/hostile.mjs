// Opens a report whose every name, title and word is hostile text, with networking on: nothing of it runs, nothing is
// requested, the charts are alive, and the page's policy stops a script that is not its own.
// usage: HOSTILE_PAGE=PAGE cargo test … a_page_of_hostile_text; node hostile.mjs PAGE
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";

const url = "file://" + resolve(process.argv[2]);
const profile = mkdtempSync(join(tmpdir(), "hostile-"));
const failures = [];
const expect = (truth, words) => {
  console.log(`${truth ? "ok" : "FAILED"}: ${words}`);
  if (!truth) failures.push(words);
};

const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  headless: true,
  viewport: { width: 1200, height: 900 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  const said = [], asked = [];
  page.on("console", (m) => { if (["error", "warning"].includes(m.type())) said.push(m.text()); });
  page.on("pageerror", (e) => said.push(String(e)));
  page.on("dialog", (d) => { said.push("dialog " + d.message()); d.dismiss(); });
  page.on("request", (r) => { if (r.url() !== url && !r.url().startsWith("data:")) asked.push(r.url()); });
  await page.goto(url, { waitUntil: "load" });
  await page.mouse.move(300, 300);
  await page.waitForTimeout(500);
  expect(said.length === 0, `no error on the console ${said.join("; ")}`);
  expect(asked.length === 0, `no request ${asked.join(" ")}`);
  expect((await page.title()) !== "PWN", "no script of the text has run");
  const found = await page.evaluate(() => ({
    handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
    images: document.querySelectorAll("img, iframe, object, embed").length,
    scripts: document.scripts.length,
    links: [...document.links].filter((a) => !a.getAttribute("href").startsWith("#")).length,
    ids: [...document.querySelectorAll("figure svg [id]")].every((e) => /^figure-\d+-[td]$/.test(e.id)),
  }));
  expect(found.handlers === 0 && found.images === 0 && found.scripts === 3 && found.links === 0 && found.ids,
    `no element and no attribute of the text: ${JSON.stringify(found)}`);
  const charts = await page.locator(".live canvas").count();
  expect(charts > 3, `${charts} charts are drawn`);
  const painted = await page.evaluate(() => [...document.querySelectorAll(".live canvas")].every((c) =>
    c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, at) => at % 4 === 3 && v > 0)));
  expect(painted, "every chart has ink");
  const arm = page.locator("#arms input").last();
  const name = await arm.getAttribute("value");
  expect(name.includes("onload"), "an arm has a hostile name");
  const rows = () => page.evaluate((name) => [...document.querySelectorAll("[data-arm]")].filter((e) =>
    e.getAttribute("data-arm") === name && getComputedStyle(e).display !== "none").length, name);
  const readout = page.locator(".readout").first();
  const before = await rows();
  await arm.focus();
  await page.keyboard.press("Space");
  expect(before > 3 && (await rows()) === 0 && !(await readout.textContent()).includes(name.slice(0, 5)), `its ${before} rows and values go when it is switched off`);
  await page.keyboard.press("Space");
  expect((await rows()) === before && (await readout.textContent()).includes("onload"), "and come back");
  const key = await page.locator(".readout .key").first().evaluate((e) => getComputedStyle(e).backgroundColor);
  expect(/^rgb\(/.test(key) && key !== "rgb(0, 0, 0)", `a key has its colour, ${key}`);
  const stopped = await page.evaluate(async () => {
    const seen = [];
    addEventListener("securitypolicyviolation", (e) => seen.push(e.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "document.title = 'PWN'";
    document.body.appendChild(script);
    const place = document.createElement("div");
    place.innerHTML = "<b style='color:red' onclick=\"document.title='PWN'\">x</b><img src='http://127.0.0.1:9/x'>";
    document.body.appendChild(place);
    place.firstChild.click();
    await fetch("http://127.0.0.1:9/").catch(() => {});
    await new Promise((done) => setTimeout(done, 300));
    return { seen: [...new Set(seen)].sort().join(" "), title: document.title };
  });
  expect(stopped.title !== "PWN" && stopped.seen === "connect-src img-src script-src-attr script-src-elem style-src-attr",
    `the policy stops what is not the page's own: ${stopped.seen}`);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
if (failures.length) {
  console.error(`${failures.length} failed`);
  process.exit(1);
}
