// What is expected of the smoke program's answer in every host.
import * as assert from "uvu/assert";
import type { Answer } from "./smoke.ts";

/** `host` begins the host's name; `rest` is what `describe()` says of build and threads. */
export function check(answer: Answer | null, host: string, rest: RegExp, output = ""): void {
  assert.ok(answer, output);
  assert.match(answer.describe, new RegExp(` kernels on ${host}\\b`));
  assert.match(answer.describe, rest);
  assert.ok(answer.product, "the product");
  assert.ok(answer.last < answer.first / 5, `${answer.first} → ${answer.last}`);
  assert.ok(answer.reloaded, "what was saved and loaded gives the same");
}

/** Says that a host is missing; the runner counts and prints it. */
export function skip(test: { skip(name: string, body: () => void): void }, name: string, why: string): void {
  console.log(`skip ${name}: ${why}`);
  test.skip(name, () => {});
}
