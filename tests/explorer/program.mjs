// Starts `chokepoint explore`, finds its address, and ends it as Ctrl-C does.
import { spawn, spawnSync } from "node:child_process";

const WAIT_MS = 60_000;

/** Starts PROGRAM explore with these arguments; resolves with its address when it serves. */
export function start(program, args = []) {
  const begun = performance.now();
  const child = spawn(program, ["explore", "--no-open", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
  let said = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address after ${WAIT_MS} ms: ${said}`)), WAIT_MS);
    const hear = (data) => {
      said += data;
      const found = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/(#[\w-]*)?(?=\s)/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      resolve({ address: found[0], begun, end: () => end(child, ended), said: () => said });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
}

async function end(child, ended) {
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  const how = await ended;
  clearTimeout(timer);
  return how;
}

/** Runs PROGRAM with these arguments to its end. */
export function run(program, args, cwd) {
  const done = spawnSync(program, args, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`${args.join(" ")}: ${done.status} ${done.stdout} ${done.stderr}`);
  return done.stdout;
}
