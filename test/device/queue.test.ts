// The queue of a device that answers later: order, and where faults come out.

import { Queue } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const test = suite("queue");

test("steps run at once while nothing waits", () => {
  const queue = new Queue();
  const log: string[] = [];
  queue.push(() => void log.push("a"));
  queue.push(() => void log.push("b"));
  assert.equal(log, ["a", "b"]);
});

test("behind an asynchronous step everything waits, in order", async () => {
  const queue = new Queue();
  const log: string[] = [];
  queue.push(async () => {
    await pause(5);
    log.push("slow");
  });
  queue.push(() => void log.push("after it"));
  const first = queue.read(async () => {
    await pause(3);
    return log.push("read");
  });
  queue.push(() => void log.push("after the read"));
  assert.equal(log, []);
  await first;
  const second = await queue.read(async () => log.length);
  assert.equal(log, ["slow", "after it", "read", "after the read"]);
  assert.is(second, 4);
  // All done: steps run at once again.
  await pause(0);
  queue.push(() => void log.push("at once"));
  assert.is(log.length, 5);
});

test("a fault comes out at the next read, once, and the steps behind it run", async () => {
  const queue = new Queue();
  const log: string[] = [];
  queue.push(() => {
    throw new Error("first");
  });
  queue.push(async () => {
    throw new Error("second");
  });
  queue.push(() => void log.push("ran"));
  const failed = await queue.read(async () => 1).catch(String);
  assert.is(failed, "Error: first");
  assert.is(await queue.read(async () => 2), 2);
  assert.equal(log, ["ran"]);
});

test("a read that fails fails alone", async () => {
  const queue = new Queue();
  const bad = queue.read(async () => {
    throw new Error("mine");
  });
  const good = queue.read(async () => 3);
  assert.is(await bad.catch(String), "Error: mine");
  assert.is(await good, 3);
});

test("random steps and reads see all that came before them", async () => {
  for (let round = 0; round < 30; round++) {
    const queue = new Queue();
    let counter = 0;
    const reads: Promise<void>[] = [];
    for (let i = 0; i < 40; i++) {
      const expected = i;
      const chance = Math.random();
      const check = (): void => {
        assert.is(counter, expected);
        counter++;
      };
      if (chance < 0.4) queue.push(check);
      else if (chance < 0.7) {
        queue.push(async () => {
          await (chance < 0.5 ? Promise.resolve() : pause(0));
          check();
        });
      } else reads.push(queue.read(async () => pause(0).then(check)));
    }
    await Promise.all(reads);
    await queue.read(async () => assert.is(counter, 40));
  }
});

test.run();
