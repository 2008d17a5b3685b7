import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Batcher, LeftUndone } from "../../examples/serve/batcher.ts";
import { Metrics } from "../../examples/serve/metrics.ts";

/** Doubles numbers; notes how many came together. */
function doubler(options: { maxBatch?: number; maxWait?: number; maxAge?: number } = {}) {
  const sizes: number[] = [];
  const batcher = new Batcher(
    (inputs: readonly number[]) => {
      sizes.push(inputs.length);
      if (inputs.includes(13)) throw new RangeError("unlucky");
      return inputs.map((x) => 2 * x);
    },
    { maxBatch: 4, maxWait: 5, maxAge: 1000, ...options },
  );
  return { batcher, sizes };
}

test("everybody gets the output of his own input; no batch is too large", async () => {
  const { batcher, sizes } = doubler();
  const outputs = await Promise.all(Array.from({ length: 11 }, (_, i) => batcher.add(i)));
  assert.equal(
    outputs,
    Array.from({ length: 11 }, (_, i) => 2 * i),
  );
  assert.equal(sizes, [4, 4, 3]);
  assert.is(batcher.length, 0);
});

test("a full batch does not wait; one alone waits no longer than it is told to", async () => {
  const { batcher } = doubler({ maxWait: 60_000 });
  await Promise.all([1, 2, 3, 4].map((x) => batcher.add(x)));
  const { batcher: alone, sizes } = doubler({ maxWait: 20 });
  const started = performance.now();
  await alone.add(1);
  assert.ok(performance.now() - started >= 15);
  assert.equal(sizes, [1]);
});

test("what the work throws, all of its batch get, and the next batch is as ever", async () => {
  const { batcher } = doubler();
  const settled = await Promise.allSettled([1, 13].map((x) => batcher.add(x)));
  assert.equal(
    settled.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.is(await batcher.add(21), 42);
});

test("what nobody wants any more is left undone, and what is too old", async () => {
  const { batcher, sizes } = doubler({ maxAge: 30 });
  const unwanted = batcher.add(1, () => false).catch((error: unknown) => error);
  assert.is(await batcher.add(2), 4);
  assert.instance(await unwanted, LeftUndone);
  assert.equal(sizes, [1]);
  const late = batcher.add(3);
  const end = performance.now() + 60;
  while (performance.now() < end); // the process is busy with something else
  assert.instance(await late.catch((error: unknown) => error), LeftUndone);
  await wait(1);
  assert.is(batcher.length, 0);
});

test("the text of the metrics is what Prometheus reads", () => {
  const metrics = new Metrics();
  const count = metrics.counter("answers_total", "Answers.", "status");
  const took = metrics.histogram("seconds", "Time.", [0.1, 1]);
  metrics.gauge("length", "Length.", () => 3);
  for (const status of ["200", "503", "200"]) count(status);
  for (const value of [0.05, 0.1, 0.5, 7]) took(value);
  assert.is(
    metrics.text(),
    `# HELP answers_total Answers.
# TYPE answers_total counter
answers_total{status="200"} 2
answers_total{status="503"} 1
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{le="0.1"} 2
seconds_bucket{le="1"} 3
seconds_bucket{le="+Inf"} 4
seconds_sum 7.65
seconds_count 4
# HELP length Length.
# TYPE length gauge
length 3
`,
  );
});

test.run();
