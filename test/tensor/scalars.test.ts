import "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FLOAT32 } from "#src/core/dtype";
import { backendOf } from "#src/device/registry";
import { scalarTensor } from "#src/tensor/create";

const backend = backendOf("cpu", "test");

test("a number that comes again and again stays one tensor, however many others come", () => {
  const eps = scalarTensor(1e-8, FLOAT32, backend);
  for (let step = 0; step < 1000; step++) {
    scalarTensor(step + 0.5, FLOAT32, backend);
    if (step % 20 === 0) assert.is(scalarTensor(1e-8, FLOAT32, backend), eps);
  }
});

test("one that was let go is not ended: who has it still reads it", () => {
  const before = scalarTensor(0.125, FLOAT32, backend);
  for (let i = 0; i < 1000; i++) scalarTensor(i + 0.25, FLOAT32, backend);
  assert.is.not(scalarTensor(0.125, FLOAT32, backend), before);
  assert.is(before.item(), 0.125);
});

test("0 and -0 are two", () => {
  assert.ok(Object.is(scalarTensor(-0, FLOAT32, backend).item(), -0));
  assert.ok(Object.is(scalarTensor(0, FLOAT32, backend).item(), 0));
});

test.run();
