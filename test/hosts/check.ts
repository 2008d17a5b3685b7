// What is expected of the smoke program's answer in every host.
import { appendFileSync } from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import { root } from "../house/sources.ts";
import type { Answer } from "./smoke.ts";

// numWorkers > 0 is refused where the library is no file of its own, or there are no threads. (Without shared memory Node's own
// start of a worker falls over the flag by which it is taken away.)
const NO_WORKERS =
  /numWorkers must be 0 here: |worker 0 exited unexpectedly: (its script was not loaded|TypeError: undefined is not)/;

/** `host` begins the host's name; `rest` is what `describe()` says of build and threads. */
export function check(answer: Answer | null, host: string, rest: RegExp, output = ""): void {
  assert.ok(answer, output);
  assert.ok("describe" in answer, `${JSON.stringify(answer)}\n${output}`);
  for (const part of [new RegExp(` kernels on ${host}\\b`), rest]) {
    assert.ok(part.test(answer.describe), `${answer.describe}\nis not as ${part}`);
  }
  assert.ok(answer.product, "the product");
  assert.ok(answer.last < answer.first / 5, `${answer.first} → ${answer.last}`);
  assert.ok(answer.loaded === "45" || NO_WORKERS.test(answer.loaded), answer.loaded);
  assert.ok(answer.reloaded, "what was saved and loaded gives the same");
}

/** Notes what was seen, for the README's table (tools/hosts.mjs). */
export function note(host: string, kind: string, { describe }: Answer): void {
  appendFileSync(path.join(root, "build/hosts.jsonl"), `${JSON.stringify({ host, kind, describe })}\n`);
}

/** Says that a host is missing; the runner counts and prints it. */
export function skip(test: { skip(name: string, body: () => void): void }, name: string, why: string): void {
  console.log(`skip ${name}: ${why}`);
  test.skip(name, () => {});
}
