// Whole programs against what PyTorch answered when it ran them: the initial weights to the bit, what they say (losses,
// texts, results) to 1e-5. recorded.json was written by PyTorch 1.13 behind our names; a difference to 2.x is in none of
// them. Weights are digests of their bytes, but for those that begin as normal numbers: these go through the host's
// logarithm and cosine, so their first few values stand there.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Flambeau, Log, Value } from "./program.ts";

type Plain = number | string | boolean | readonly Plain[];
interface Recorded {
  readonly weights: Record<string, string | readonly number[]>;
  /** What the program said, in order: a name and a value, a tensor as its numbers. */
  readonly said: readonly (readonly [name: string, value: Plain])[];
}
const file = new URL("../../../test/programs/recorded.json", import.meta.url);
const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, Recorded>;

for (const [name, { weights, said }] of Object.entries(recorded)) {
  const { default: run } = (await import(`./${name}.js`)) as { default(fl: Flambeau, log: Log): void };
  test(`${name} gives what PyTorch gave`, () => {
    const got: [string, Plain][] = [];
    const params: Record<string, string | readonly number[]> = {};
    const log: Log = Object.assign((label: string, value: Value) => void got.push([label, plain(value)]), {
      params(prefix: string, module: InstanceType<typeof fl.nn.Module>) {
        for (const [key, p] of module.namedParameters()) {
          const label = `${prefix}.${key}`;
          const values = p.dataSync() as Float32Array;
          params[label] = typeof weights[label] === "string" ? digest(values) : Array.from(values.subarray(0, 4));
        }
      },
    });
    run(fl, log);
    assert.equal(Object.keys(params), Object.keys(weights));
    for (const [label, weight] of Object.entries(weights)) near(params[label]!, weight, label);
    assert.equal(
      got.map(([label]) => label),
      said.map(([label]) => label),
    );
    for (const [i, [label, value]] of said.entries()) near(got[i]![1], value, `${label}, said as number ${i}`);
  });
}

/** Numbers to 1e-5 of the largest beside them, all else exactly. */
function near(got: Plain, expected: Plain, label: string, scale = 0): void {
  if (Array.isArray(expected) && Array.isArray(got)) {
    const largest = Math.max(...expected.flat(Infinity).map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)));
    assert.is(got.length, expected.length, label);
    for (const [i, value] of expected.entries()) near(got[i], value, label, largest);
  } else if (typeof expected === "number" && typeof got === "number") {
    const tolerance = 1e-5 * Math.max(Math.abs(expected), scale, 1e-2);
    assert.ok(Math.abs(got - expected) <= tolerance, `${label}: ${got}, PyTorch ${expected}`);
  } else assert.is(got, expected, label);
}

/** As it stands in the file. */
function plain(value: Value): Plain {
  if (value instanceof fl.Tensor)
    return Array.from(value.detach().dataSync() as ArrayLike<number | bigint>, (x) => plain(Number(x)));
  if (typeof value === "object") return value.map(plain);
  const simple = typeof value === "bigint" ? Number(value) : value;
  return typeof simple === "number" && !Number.isFinite(simple) ? String(simple) : simple;
}

function digest(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

test.run();
