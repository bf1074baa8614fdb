// Measures in the browser, medians of ten: start to the first picture, slider to first bands, a hundred paired futures.
// usage: node timing.mjs PROGRAM
import { resolve } from "node:path";
import { complete, launch, open } from "./browser.mjs";
import { start } from "./program.mjs";

const TIMES = 10;
const program = resolve(process.argv[2]);
const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
};
const tell = (what, values, most) => console.log(`${what}: median ${Math.round(median(values))} ms (${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}), asked for under ${most} ms`);
const browser = await launch();
const first = [];

for (let n = 0; n < TIMES; n++) {
  const served = await start(program);
  const { context, page } = await open(browser, served.address, { wait: false });
  await page.waitForFunction(() => performance.getEntriesByName("explorer:bands").length > 0);
  const drawn = await page.evaluate(() => performance.timeOrigin + performance.getEntriesByName("explorer:bands")[0].startTime);
  first.push(drawn - (performance.timeOrigin + served.begun));
  await context.close();
  await served.end();
}
tell("start to the first complete picture", first, 2000);

const served = await start(program);
const { page } = await open(browser, served.address);
await page.locator("details").evaluateAll((all) => all.forEach((d) => { d.open = true; }));
await page.selectOption("#futures", "100");
await complete(page);

/** Moves the first slider ten times and waits for a hundred futures each time. */
async function move_slider(arms) {
  const bands = [], hundred = [];
  await page.locator(".slider input").first().focus();
  for (let n = 0; n < TIMES; n++) {
    for (let k = 0; k < 7; k++) await page.keyboard.press(n % 2 ? "ArrowLeft" : "ArrowRight");
    await complete(page);
    const [to_bands, to_done] = await page.evaluate(() => {
      const moved = performance.getEntriesByName("explorer:changed").at(-1).startTime;
      const after = performance.getEntriesByName("explorer:bands").find((b) => b.startTime > moved);
      return [after.startTime - moved, performance.getEntriesByName("explorer:done").at(-1).startTime - moved];
    });
    bands.push(to_bands);
    hundred.push(to_done);
  }
  tell(`${arms}: slider to first bands, the pause included`, bands, 500);
  tell(`${arms}: slider to 100 futures, the pause included`, hundred, 4000);
}

await move_slider("baseline and two arms");
// The second arm by its name: rules and nations have such buttons too.
await page.getByRole("button", { name: "Remove October 2022 rule only" }).click();
await page.getByRole("button", { name: "Remove October 2022 rule only" }).waitFor({ state: "detached" });
await complete(page);
await move_slider("baseline and one arm");
await served.end();
await browser.close();
