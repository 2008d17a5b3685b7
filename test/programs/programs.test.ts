// Whole programs against what PyTorch answered when it ran them: the initial weights to the bit, the losses to 1e-5.
// losses.json was recorded from PyTorch 1.13 by a bridge that puts it behind our names. Weights are digests of their bytes, but
// for those of embeddings: normal numbers go through the host's logarithm and cosine.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";
import gpt from "./gpt.ts";
import lstm from "./lstm.ts";
import type { Log } from "./program.ts";
import transformer from "./transformer.ts";

interface Recorded {
  readonly weights: Record<string, string>;
  readonly losses: readonly number[];
}
const file = new URL("../../../test/programs/losses.json", import.meta.url);
const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, Recorded>;

for (const [name, run] of Object.entries({ gpt, lstm, transformer })) {
  test(`${name} trains as in PyTorch`, () => {
    const { weights, losses } = recorded[name]!;
    const got: number[] = [];
    const digests: Record<string, string> = {};
    const log: Log = Object.assign((_: string, value: number) => void got.push(value), {
      params(_: string, module: InstanceType<typeof fl.nn.Module>) {
        for (const [key, p] of module.namedParameters()) {
          if (key in weights) digests[key] = digest(p.dataSync() as Float32Array);
        }
      },
    });
    run(fl, log);
    assert.equal(digests, weights);
    assert.is(got.length, losses.length);
    for (const [i, loss] of losses.entries()) {
      assert.ok(Math.abs(got[i]! - loss) <= 1e-5 * loss, `step ${i}: ${got[i]}, PyTorch ${loss}`);
    }
  });
}

function digest(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

test.run();
