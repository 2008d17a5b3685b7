import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise } from "../../bench/rows.ts";
import { duration, median, type Result, table } from "../../bench/table.ts";

const result = (library: string, medians: number[], more: Partial<Result> = {}): Result => ({
  row: "matmul_64",
  library,
  threads: 1,
  medians,
  probe: [1, 2, 3],
  error: null,
  ...more,
});
const rows = [{ name: "matmul_64", flops: 2 * 64 ** 3 }];

test("median and duration", () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 2, 3]), 2.5);
  assert.is(duration(0.0421), "42.1 ns");
  assert.is(duration(1234.5), "1.23 ms");
  assert.is(duration(12.5), "12.5 µs");
});

test("ratios are taken round by round, ours over theirs", () => {
  const text = table(rows, [result("ours", [10, 20, 40]), result("peer", [20, 40, 80])]);
  assert.match(text, /matmul_64 +20\.0 µs +26\.2 GFLOP\/s +40\.0 µs +0\.50\n/);
});

test("a peer that computed something else is marked, one that failed is named, one without the row is a dash", () => {
  assert.match(table(rows, [result("ours", [1]), result("peer", [1], { probe: [1, 2, 4] })]), /≠(.|\n)*something else/);
  assert.match(table(rows, [result("ours", [1]), result("peer", [], { error: "no such thing" })]), /! peer failed/);
  assert.match(table(rows, [result("ours", [1]), result("peer", [], { probe: null })]), /–\n/);
});

test("two threads are compared with one", () => {
  assert.match(table(rows, [result("ours", [10]), result("ours", [5], { threads: 2 })]), /2\.00×/);
});

test("noise: in range, repeatable, and different by seed", () => {
  const a = noise(1000, 1);
  assert.ok(a.every((v) => v >= -1 && v < 1));
  assert.equal(a, noise(1000, 1));
  assert.not.equal(a, noise(1000, 2));
});

test.run();
