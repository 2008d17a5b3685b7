// The collector does not see a device's memory: a plain loop over a loader stays flat all the same.
import { memoryStats, resetPeakMemoryStats, type Tensor, utils, zeros } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const STEPS = 100_000;
const BYTES = 128 << 10;
// The watermark begins at 256 MB, and doubles where a busy machine is slow to collect.
const CEILING = 1 << 30;

test("100,000 steps that dispose of nothing", async () => {
  const data = { length: STEPS, at: (): Tensor => zeros([BYTES / 4]) };
  resetPeakMemoryStats();
  let steps = 0;
  for await (const x of new utils.data.DataLoader(data, { batchSize: null })) {
    const y = (x as Tensor).narrow(0, 0, 16).add(1); // what a step makes of it
    steps += y.numel() / 16;
  }
  assert.is(steps, STEPS);
  const { peak } = memoryStats();
  assert.ok(peak < CEILING, `${peak / 2 ** 20} MB at most, of ${(STEPS * BYTES) / 2 ** 30} GB that were made`);
});

test.run();
