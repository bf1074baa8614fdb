// Asks the explorer as a reader would: preset, slider, moved rule, own rule, cancel, law, links, downloads, keyboard, phone.
// usage: node check.mjs PROGRAM [FOLDER FOR PICTURES]
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { answer_text, complete, launch, open, question_of, readout, too_wide, violations } from "./browser.mjs";
import { run, start } from "./program.mjs";

const program = resolve(process.argv[2]);
const pictures = process.argv[3];
const folder = mkdtempSync(join(tmpdir(), "explorer-"));
const failures = [];
const expect = (truth, words) => {
  console.log(`${truth ? "ok" : "FAILED"}: ${words}`);
  if (!truth) failures.push(words);
};
const browser = await launch();
const served = await start(program);
// What is checked does not depend on the number of futures, and each takes its time.
const { start: question } = await (await fetch(`${served.address}api/world`)).json();
const few = Buffer.from(JSON.stringify({ ...question, futures: 12 })).toString("base64url");

/** Runs a part (those whose name holds ONLY, if it is set) on a page of its own; at its end the page must have said nothing and asked nobody else. */
async function part(name, what, options = {}, address = `${served.address}#${few}`) {
  if (process.env.ONLY && !name.includes(process.env.ONLY)) return;
  let opened;
  try {
    opened = await open(browser, address, options);
    await what(opened.page, opened);
  } catch (error) {
    expect(false, `${name}: ${error}`);
  }
  if (opened) {
    expect(opened.faults.length === 0, `${name}: no error on the console, no request beyond loopback ${opened.faults.join("; ")}`);
    await opened.context.close();
  }
}

/** What a button saves, as a path. */
async function save(page, id) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 120_000 }), page.locator(id).click()]).catch(async (error) => {
    throw new Error(`${id}: ${await page.locator("#take > [role=status]").textContent()} ${error.message.split("\n")[0]}`);
  });
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

/** Runs the command that the page shows; gives the folder of its results. */
async function run_command(page, cwd = folder) {
  await page.locator("#take-command").click();
  await page.waitForFunction(() => document.getElementById("take-text").value.startsWith("chokepoint run"));
  const [, ...command] = (await page.locator("#take-text").inputValue()).trim().split(" ");
  run(program, command, cwd);
  return join(cwd, "results", command[1].replace(/\.toml$/, ""));
}

/** Writes the files of an archive that compresses nothing; gives their paths. */
function unpack(archive, into) {
  const bytes = readFileSync(archive);
  const paths = [];
  for (let at = 0; bytes.readUInt32LE(at) === 0x04034b50;) {
    const [size, name, extra] = [bytes.readUInt32LE(at + 18), bytes.readUInt16LE(at + 26), bytes.readUInt16LE(at + 28)];
    const path = join(into, bytes.toString("utf8", at + 30, at + 30 + name));
    const from = at + 30 + name + extra;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes.subarray(from, from + size));
    paths.push(path);
    at = from + size;
  }
  return paths;
}

/** Opens every part of the question. */
const unfold = (page) => page.locator("details").evaluateAll((all) => all.forEach((d) => { d.open = true; }));

await part("preset", async (page) => {
  const before = await answer_text(page);
  const values = await page.locator("#preset option").evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
  expect(values.length >= 10, `preset: ${values.length} questions to start from`);
  const s3 = values.find((v) => v.startsWith("s3"));
  await page.selectOption("#preset", s3);
  await complete(page);
  expect((await question_of(page)).study === s3, "preset: the address holds the question chosen");
  expect((await answer_text(page)) !== before && /\d/.test(await answer_text(page)), "preset: another sentence, with a number");
  const charts = await page.locator(".plot svg").count();
  expect(charts === 8, `preset: ${charts} charts are drawn`);
  const lines = await page.locator(".plot .line").count();
  expect(lines > 10, `preset: ${lines} lines are drawn`);
  expect((await page.locator("#costs td").count()) > 5, "preset: the costs are shown");
});

await part("slider", async (page) => {
  await unfold(page);
  const shown = await page.locator(".slider").count();
  expect(shown === 12, `slider: ${shown} are shown`);
  expect((await page.locator(".slider .density polygon").count()) >= 12, "slider: what the record allows stands behind each");
  const slider = page.locator(".slider input").first();
  const name = await slider.getAttribute("data-parameter");
  const before = await readout(page, "gap");
  await slider.focus();
  // Looked at within the event itself: an answer of a step before may arrive between two keys.
  await page.evaluate(() => {
    window.greyed = [];
    document.addEventListener("input", () => window.greyed.push(document.querySelector("#answer").classList.contains("stale")));
  });
  for (let n = 0; n < 60; n++) await page.keyboard.press("ArrowRight");
  const greyed = await page.evaluate(() => window.greyed);
  expect(greyed.length > 0 && greyed.every(Boolean), `slider: the old answer is greyed at once, ${greyed.filter(Boolean).length} of ${greyed.length} times`);
  await complete(page);
  expect(name in (await question_of(page)).parameters, "slider: the address holds the value");
  expect((await readout(page, "gap")) !== before, "slider: the answer changes");
  expect(!(await page.locator("#answer").evaluate((n) => n.classList.contains("stale"))), "slider: the new answer is not greyed");
  await page.getByRole("button", { name: "Back to the evidence" }).click();
  await complete(page);
  expect((await readout(page, "gap")) === before, "slider: freed, it gives the same answer as before, to the last digit shown");
  for (const word of ["price", "smuggl", "memory"]) {
    await page.fill("#find-parameter", word);
    const found = await page.locator(".slider").count();
    expect(found > 0, `slider: a search for ${word} finds ${found}`);
  }
});

await part("moved rule", async (page) => {
  await page.selectOption("#preset", { index: 0 });
  await complete(page);
  const id = await page.locator(".timeline li:has(.handle:not([hidden]))").nth(3).getAttribute("data-rule");
  const rule = page.locator(`.timeline li[data-rule="${id}"]`);
  const handle = rule.getByRole("slider").first();
  const words = await handle.getAttribute("aria-valuetext");
  await handle.scrollIntoViewIfNeeded();
  const box = await handle.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 45, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await complete(page);
  const moved = (await question_of(page)).rules.find((r) => r.name === id);
  expect(moved?.in_force !== undefined && (await handle.getAttribute("aria-valuetext")) !== words, `moved rule: ${id} binds from ${moved?.in_force} instead of ${words}`);
  await handle.focus();
  await page.keyboard.press("ArrowLeft");
  const after = (await question_of(page)).rules.find((r) => r.name === id);
  expect(after?.in_force < moved.in_force, "moved rule: an arrow key moves it by a month");
  await rule.getByRole("button", { name: /^Edit/ }).click();
  await rule.getByRole("button", { name: "Back to the law as recorded" }).click();
  expect((await question_of(page)).rules.length === 0, "moved rule: it goes back to the law as recorded");
  await rule.getByRole("checkbox").click();
  await complete(page);
  expect((await question_of(page)).rules.some((r) => r.name === id && r.on === false), "moved rule: it is switched off");
  const numbered = page.locator(".timeline li");
  for (let n = 0; n < (await numbered.count()); n++) {
    await numbered.nth(n).getByRole("button", { name: /^Edit/ }).click();
    const number = numbered.nth(n).locator("input[type=number]").first();
    if (!(await number.count())) continue;
    const value = Number(await number.inputValue());
    await number.fill("-1");
    await number.press("Enter");
    expect((await number.getAttribute("aria-invalid")) === "true", "moved rule: a number out of range is refused in words");
    await number.fill(String(value * 0.8));
    await number.press("Enter");
    await complete(page);
    expect((await question_of(page)).rules.some((r) => r.numbers), "moved rule: its number is edited");
    break;
  }
});

await part("own rule", async (page) => {
  await unfold(page);
  const before = await readout(page, "effect");
  await page.fill("#own-name", "A line of my own");
  await page.fill("#own-announced", "2024-01-01");
  await page.fill("#own-in-force", "2024-06-01");
  await page.locator("#own-add").click();
  await complete(page);
  const own = (await question_of(page)).own_rules;
  expect(own.length === 1 && own[0].name === "A line of my own", "own rule: the address holds it");
  expect(await page.locator('.timeline li[data-rule="A line of my own"]').isVisible(), "own rule: it stands on the timeline");
  const problem = await page.locator("#problems").isVisible() ? await page.locator("#problems").textContent() : "";
  expect(problem === "", `own rule: the program takes it ${problem}`);
  expect((await readout(page, "effect")) !== before, "own rule: the answer changes");
});

await part("cancel", async (page) => {
  await page.evaluate(() => { for (const d of document.querySelectorAll("details")) d.open = true; });
  await page.selectOption("#futures", "1000");
  await page.waitForFunction(() => !document.getElementById("answer").classList.contains("stale"));
  await page.locator("#stop").click();
  await page.waitForFunction(() => document.getElementById("state").textContent.startsWith("Stopped"));
  const state = await page.locator("#state").textContent();
  expect(!state.includes("1000 of 1000"), `cancel: ${state}`);
  await page.selectOption("#futures", "16");
  await complete(page);
  expect((await page.locator("#state").textContent()).includes("16 futures"), "cancel: another question is answered after it");
});

await part("what happened in a future", async (page) => {
  await page.fill("#future-number", "3");
  await page.locator("#open-future").press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("#future-body tbody tr").length > 3);
  expect((await page.locator("#future-title").textContent()) === "Future 3", "future: its timeline opens by keyboard");
  const all = await page.locator("#future-body tbody tr").count();
  await page.locator("#only-differing").uncheck();
  expect((await page.locator("#future-body tbody tr").count()) > all, "future: what happens in every arm is left out until it is wanted");
  const found = await violations(page);
  expect(found.length === 0, `future: no violation of WCAG 2.2 A and AA ${found.join(" | ")}`);
  await page.keyboard.press("Escape");
  expect(!(await page.locator("#future").isVisible()), "future: Escape closes it");
  if (await page.locator(".strip .future").count()) {
    await page.locator(".strip .future").first().click();
    await page.waitForFunction(() => document.querySelectorAll("#future-body tbody tr").length > 3);
    expect(true, "future: a click on its point opens it");
  }
});

await part("law", async (page) => {
  await page.locator("#tab-law").click();
  await page.waitForSelector("#law-verdicts table");
  await page.fill("#law-day", "2023-12-01");
  await page.fill("#law-table", "chip\nH100 SXM\nH20 96GB\n");
  await page.selectOption("#law-other", "none");
  await page.waitForFunction(() => document.querySelectorAll("#law-verdicts thead th").length === 3 && document.querySelectorAll("#law-verdicts tbody tr").length === 2);
  const first = await page.locator("#law-verdicts tbody tr").first().textContent();
  expect(first.includes("H100") && first.includes("denied") && first.includes("free"), `law: denied under one regime, free under the other: ${first.slice(0, 120)}`);
  const data = await page.evaluateHandle(() => {
    const all = new DataTransfer();
    all.items.add(new File(["chip\nRTX 4090\n"], "chips.csv", { type: "text/csv" }));
    return all;
  });
  await page.dispatchEvent("#law-table", "drop", { dataTransfer: data });
  await page.waitForFunction(() => document.querySelector("#law-verdicts tbody tr")?.textContent.includes("RTX 4090"));
  expect(true, "law: a dropped file is read");
  await page.fill("#law-table", "colour,weight\nred,7\n");
  await page.waitForFunction(() => document.querySelector("#law-problems").textContent.length > 10);
  expect(true, `law: a table that holds no chip is refused in words: ${(await page.locator("#law-problems").textContent()).slice(0, 120)}`);
});

await part("take along", async (page) => {
  await unfold(page);
  await page.selectOption("#futures", "16");
  await complete(page);
  const slider = page.locator(".slider input").nth(1);
  await slider.focus();
  for (let n = 0; n < 20; n++) await page.keyboard.press("ArrowLeft");
  await complete(page);
  const sentence = await answer_text(page);
  const gap = await readout(page, "gap");
  await page.locator("#take-link").click();
  const link = await page.locator("#take-text").inputValue();
  const token = /\/([0-9a-f]{32})\//.exec(served.address)[1];
  expect(!link.includes(token), "take along: the link holds no token");
  await page.locator("#take-copy").click();
  expect((await page.evaluate(() => navigator.clipboard.readText())) === link, "take along: it is copied");
  const second = await start(program, ["--question", link.split(" ").at(-1)]);
  const other = await open(browser, second.address);
  expect((await answer_text(other.page)) === sentence && (await readout(other.page, "gap")) === gap, "take along: a second start of the program opens the same question with the same answer");
  await other.context.close();
  const how = await second.end();
  expect(how.code === 0 || how.signal === "SIGINT" || how.code === 130, `take along: the second program ended (${JSON.stringify(how)})`);

  await save(page, "#take-toml");
  const out = await run_command(page);
  expect(existsSync(join(out, "manifest.json")), "take along: the command that is shown takes the study as it was saved");
  const same = (path, bytes) => readFileSync(path).equals(bytes);
  expect(same(await save(page, "#take-report"), readFileSync(join(out, "report.html"))), "take along: the report is that of `run`, byte for byte");
  const figures = await page.locator("#take-figure option").evaluateAll((all) => all.map((o) => o.value));
  let compared = 0;
  for (const name of figures.filter((f) => existsSync(join(out, "plots", `${f}.svg`)))) {
    await page.selectOption("#take-figure", name);
    for (const kind of ["svg", "png", "csv"]) {
      const there = kind === "csv" ? Buffer.from(run(program, ["export", out, "--figure", name, "--csv"], folder)) : readFileSync(join(out, "plots", `${name}.${kind}`));
      compared += 1;
      if (!same(await save(page, `#take-${kind}`), there)) expect(false, `take along: ${name}.${kind} differs from that of \`run\``);
    }
  }
  expect(compared > 20, `take along: ${compared} files of figures are those of \`run\`, byte for byte`);
  await page.locator("#take-command").click();
  await page.waitForFunction(() => document.getElementById("take-text").value.startsWith("chokepoint run"));
  await page.locator("#take-citation").click();
  await page.waitForFunction(() => !document.getElementById("take-text").value.startsWith("chokepoint run"));
  expect((await page.locator("#take-text").inputValue()).length > 20, "take along: command and citation are shown");
});

await part("take along with rules", async (page) => {
  await unfold(page);
  await page.selectOption("#futures", "16");
  await page.fill("#own-announced", "2024-01-01");
  await page.fill("#own-in-force", "2024-06-01");
  await page.locator("#own-add").click();
  await complete(page);
  const own = join(folder, "own");
  const study = unpack(await save(page, "#take-files"), own);
  const out = await run_command(page, own);
  expect(study.length > 1, `take along with rules: a study with ${study.length - 1} files beside it, which the command that is shown runs`);
  expect(readFileSync(await save(page, "#take-report")).equals(readFileSync(join(out, "report.html"))), "take along with rules: the report is that of `run`, byte for byte");
});

await part("keyboard alone", async (page) => {
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement.id === "skip"), "keyboard: the first stop leads to the answer");
  const link = page.url();
  await page.keyboard.press("Enter");
  expect((await page.evaluate(() => document.activeElement.id)) === "answer" && page.url() === link, "keyboard: it goes there, and the address keeps the question");
  await page.locator("#skip").focus();
  const seen = new Set();
  let unseen = 0;
  for (let n = 0; n < 400; n++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const node = document.activeElement;
      if (!node || node === document.body) return null;
      const style = getComputedStyle(node);
      const box = node.getBoundingClientRect();
      return { id: node.id || node.getAttribute("aria-label") || node.textContent.slice(0, 30), ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, in_view: box.bottom > 0 && box.top < innerHeight };
    });
    if (!at) break;
    if (!at.ring || !at.in_view) unseen += 1;
    seen.add(at.id);
  }
  expect(unseen === 0, `keyboard: every stop shows its focus (${unseen} do not)`);
  for (const id of ["preset", "baseline", "add-arm", "timeline-arm", "find-rule", "month", "future-number", "take-link", "take-csv", "theme"]) expect(seen.has(id), `keyboard: ${id} is reached`);
  const parts = await page.locator(".question > details:not([open]) > summary").count();
  for (let n = 0; n < parts; n++) {
    await page.locator(".question > details:not([open]) > summary").first().focus();
    await page.keyboard.press("Enter");
  }
  expect((await page.locator(".question > details:not([open])").count()) === 0, "keyboard: Enter unfolds every part");
  const before = await question_of(page);
  await page.locator("#responses input").first().focus();
  await page.keyboard.press("Space");
  await complete(page);
  expect((await question_of(page)).off.length === before.off.length + 1, "keyboard: Space switches a response off");
  const month = await readout(page, "gap");
  await page.locator("#month").focus();
  for (let n = 0; n < 30; n++) await page.keyboard.press("ArrowLeft");
  expect((await readout(page, "gap")) !== month, "keyboard: another month is read");
  await page.locator("#tab-ask").focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector("#law-verdicts table");
  expect(await page.locator("#panel-law").isVisible(), "keyboard: an arrow key opens the law");
});

for (const theme of ["light", "dark"]) {
  for (const [width, height] of [[1300, 900], [768, 1000], [360, 740]]) {
    await part(`${width} px, ${theme}`, async (page) => {
      const what = `${width} px, ${theme}`;
      expect((await too_wide(page)) <= 0, `${what}: nothing is wider than the window`);
      if (pictures) await page.screenshot({ path: join(pictures, `ask-${width}-${theme}.png`) });
      if (pictures) await page.screenshot({ path: join(pictures, `ask-${width}-${theme}-whole.png`), fullPage: true });
      await unfold(page);
      await page.locator(".timeline button").first().click();
      const ask = await violations(page);
      expect(ask.length === 0, `${what}: no violation of WCAG 2.2 A and AA on the question ${ask.join(" | ")}`);
      expect((await too_wide(page)) <= 0, `${what}: nor with every part unfolded`);
      await page.locator("#tab-law").click();
      await page.selectOption("#law-other", "none");
      await page.waitForFunction(() => document.querySelectorAll("#law-verdicts thead th").length === 3);
      const law = await violations(page);
      expect(law.length === 0, `${what}: nor on the law ${law.join(" | ")}`);
      expect((await too_wide(page)) <= 0, `${what}: nothing is wider than the window there`);
      if (pictures) await page.screenshot({ path: join(pictures, `law-${width}-${theme}.png`), fullPage: true });
    }, { width, height, theme });
  }
}

await part("the switch of colours", async (page) => {
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await colour();
  await page.selectOption("#theme", "dark");
  expect((await colour()) !== before, "colours: the switch makes the page dark");
  const found = await violations(page);
  expect(found.length === 0, `colours: no violation after the switch ${found.join(" | ")}`);
});

await part("a question that cannot be read", async (page) => {
  await page.waitForFunction(() => document.getElementById("problems").textContent.includes("cannot be read"), null, { timeout: 15_000 });
  expect(true, "address: a question that cannot be read is told");
}, { wait: false }, served.address.replace(/#.*$/, "") + "#nonsense");

// Last: the program ends while a page is open.
{
  const opened = await open(browser, served.address);
  const how = await served.end();
  expect(how.code === 0 || how.code === 130 || how.signal === "SIGINT", `end: Ctrl-C ends the program (${JSON.stringify(how)})`);
  await opened.page.waitForFunction(() => !document.getElementById("ended").hidden, null, { timeout: 15_000 });
  expect(await opened.page.locator("#ended").isVisible(), "end: the page says that the program has ended");
  await opened.page.selectOption("#preset", { index: 1 });
  await opened.page.waitForFunction(() => document.getElementById("problems").textContent.includes("has ended"), null, { timeout: 15_000 });
  expect(true, "end: so does a question asked after it");
}

await browser.close();
rmSync(folder, { recursive: true, force: true });
if (failures.length) {
  console.error(`${failures.length} failed`);
  process.exit(1);
}
