// Sends requests to the program and says in words what went wrong.

/** @import { AskLine, FutureStory, Problem, Question, Verdicts, World } from "./types.d.ts" */

/** The program refused, with problems in words. */
export class Refusal extends Error {
  /** @param {Problem[]} problems */
  constructor(problems) {
    super(problems.map((p) => p.message).join(" "));
    this.problems = problems;
  }
}

/** The program does not answer. */
export class Ended extends Error {
  constructor() {
    super("The program has ended or does not answer. Start `chokepoint explore` again; your question stays in the address of this page.");
  }
}

/**
 * @param {string} path
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
async function request(path, body, signal) {
  let response;
  try {
    response = await fetch(path, body === undefined
      ? { signal: signal ?? null, cache: "no-store" }
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Ended();
  }
  if (response.ok) return response;
  throw new Refusal(await problems_of(response));
}

/**
 * @param {Response} response
 * @returns {Promise<Problem[]>}
 */
async function problems_of(response) {
  try {
    const body = await response.json();
    if (Array.isArray(body.problems) && body.problems.length > 0) return body.problems.map(problem);
  } catch {
    // The words below say what is known.
  }
  if (response.status === 413) return [{ message: "This is more text than the program reads at once (1 MiB)." }];
  return [{ message: `The program refused this request (status ${response.status}).` }];
}

/**
 * @param {unknown} value
 * @returns {Problem}
 */
export function problem(value) {
  if (typeof value === "string") return { message: sentence(value) };
  const { message, field, help } = /** @type {Record<string, unknown>} */ (value ?? {});
  return {
    message: typeof message === "string" && message ? sentence(message) : "The program refused this.",
    field: typeof field === "string" ? field : null,
    help: typeof help === "string" && help ? sentence(help) : null,
  };
}

/**
 * Words of the program as a sentence.
 * @param {string} text
 */
function sentence(text) {
  const quoted = text.trim().replace(/`([^`]*)`/g, "\u201c$1\u201d");
  return quoted.slice(0, 1).toUpperCase() + quoted.slice(1) + (/[.?!\u201d]$/.test(quoted) ? "" : ".");
}

/**
 * What failed, as a list to show.
 * @param {unknown} error
 * @returns {Problem[]}
 */
export function in_words(error) {
  if (error instanceof Refusal) return error.problems;
  return [{ message: error instanceof Ended ? error.message : `The page failed: ${error instanceof Error ? error.message : String(error)}` }];
}

/** @returns {Promise<World>} */
export async function world() {
  return (await request("api/world")).json();
}

/**
 * The lines of an answer, one by one as they arrive.
 * @param {Question} question
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<AskLine>}
 */
export async function* ask(question, signal) {
  const response = await request("api/ask", question, signal);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Ended();
    }
    rest += part.value ?? "";
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of part.done ? [...lines, rest] : lines) if (line.trim()) yield JSON.parse(line);
    if (part.done) return;
  }
}

export async function cancel() {
  await request("api/cancel", {});
}

/**
 * @param {Question} question
 * @param {number} future
 * @returns {Promise<FutureStory>}
 */
export async function future(question, future) {
  return (await request("api/future", { question, future })).json();
}

/**
 * @param {{ text: string, date: string, destination: string, regimes: string[] }} body
 * @param {AbortSignal} signal
 * @returns {Promise<Verdicts>}
 */
export async function verdicts(body, signal) {
  return (await request("api/verdicts", body, signal)).json();
}

/**
 * A file or a text about this question.
 * @param {string} what such as `toml` or `figure/effects.svg`
 * @param {Question} question
 * @returns {Promise<{ blob: Blob, name: string | null }>}
 */
export async function take(what, question) {
  const response = await request("api/" + what, question);
  const name = /filename="?([^";]+)"?/.exec(response.headers.get("content-disposition") ?? "");
  return { blob: await response.blob(), name: name?.[1] ?? null };
}

/** Whether the program still answers. */
export async function is_alive() {
  try {
    return (await fetch("icon.svg", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
