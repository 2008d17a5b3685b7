import { test } from "uvu";
import * as assert from "uvu/assert";
import { limitOf } from "../../bench/ceilings.ts";
import { inReadme, markdown } from "../../bench/markdown.ts";
import { html } from "../../bench/report.ts";
import { noise } from "../../bench/rows.ts";
import { duration, median, overall, table as print, type Result, remarks, sections } from "../../bench/table.ts";

const result = (library: string, medians: number[], more: Partial<Result> = {}): Result => ({
  row: "matmul_64",
  library,
  threads: 1,
  medians,
  gain: null,
  probe: [1, 2, 3],
  error: null,
  ...more,
});
const rows = [{ name: "matmul_64", group: "products", goal: 1, flops: 2 * 64 ** 3 }];
const ceilings = {
  gflops: 50,
  bandwidths: [
    { bytes: 1000, gbs: 100 },
    { bytes: 1e6, gbs: 20 },
  ],
};
const table = (...of: Parameters<typeof sections>): string => print(sections(...of));

test("median and duration", () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 2, 3]), 2.5);
  assert.is(duration(0.0421), "42.1 ns");
  assert.is(duration(1234.5), "1.23 ms");
  assert.is(duration(12.5), "12.5 µs");
});

test("ratios are taken round by round, ours over theirs", () => {
  const text = table(rows, [result("ours", [10, 20, 40]), result("peer", [20, 40, 80])]);
  assert.match(text, /matmul_64 +20\.0 µs +26\.2 GFLOP\/s +1\.0 +40\.0 µs +0\.50\n/);
});

test("a peer that computed something else is marked, one that failed is named, one without the row is a dash", () => {
  assert.match(table(rows, [result("ours", [1]), result("peer", [1], { probe: [1, 2, 4] })]), /≠(.|\n)*something else/);
  assert.match(table(rows, [result("ours", [1]), result("peer", [], { error: "no such thing" })]), /! peer failed/);
  assert.match(table(rows, [result("ours", [1]), result("peer", [], { probe: null })]), /–\n/);
});

test("what two threads gain stands beside what a product gained in the same moments", () => {
  const gain = { row: 1.5, product: 1.75 };
  assert.match(table(rows, [result("ours", [10]), result("ours", [9], { threads: 2, gain })]), /1\.50× of 1\.75×/);
});

test("a library of one thread stands beside two of ours with its one", () => {
  const two = { threads: 2 };
  const text = table(rows, [
    result("ours", [10]),
    result("tfjs", [20]),
    result("ours", [5], two),
    result("pytorch", [4], two),
  ]);
  assert.match(text, /2 threads.*tfjs +pytorch\nmatmul_64 +5\.00 µs.*20\.0 µs +0\.25 +4\.00 µs +1\.25\n/);
});

test("what falls short is said: of the goal, of twice the fastest without native code, of the second thread", () => {
  const [one, two] = [{ probe: null }, { probe: null, threads: 2 }];
  const both = (library: string, us: number, again = us): Result[] => [
    result(library, [us], one),
    result(library, [again], { ...two, gain: { row: 1.5, product: 1.75 } }),
  ];
  const short = sections(rows, [
    ...both("ours", 3000, 2000),
    ...both("pytorch", 2500, 2000),
    ...both("jax", 4000),
  ]).sections;
  assert.equal(remarks(short[0]!), [
    "above the goal beside PyTorch: matmul_64 1.20 [1.0]",
    "beside the fastest of onnx-web, tfjs, jax on each row: 0.75 as a geometric mean of 1 rows; above 0.5: matmul_64 0.75 (jax)",
  ]);
  assert.equal(remarks(short[1]!), [
    "above the goal beside PyTorch: none",
    "a product of 256 gained 1.75× to 1.75×, 1.75× in the middle",
    "rows beyond 1 ms that gain less than 1.7× and less than 0.9 of what a product gained beside them: matmul_64 1.50× (1.75×)",
    "shorter rows that are slower on more threads: none",
    "beside the fastest of onnx-web, tfjs, jax on each row: 0.50 as a geometric mean of 1 rows; above 0.5: none",
  ]);
});

test("a row's limit is the slower of its operations and its bytes", () => {
  assert.is(limitOf({ name: "a", group: "g", flops: 5e4, bytes: 1000 }, ceilings), 1);
  assert.is(limitOf({ name: "a", group: "g", flops: 5e4, bytes: 1000, double: true }, ceilings), 2);
  assert.is(limitOf({ name: "a", group: "g", flops: 5e4, bytes: 1e6 }, ceilings), 50);
  assert.is(limitOf({ name: "a", group: "g" }, ceilings), null);
  assert.match(table(rows, [result("ours", [20])], ceilings), /GFLOP\/s +52 %/);
});

test("the mean is geometric, over the rows that have a goal and the same numbers", () => {
  const two = [rows[0]!, { ...rows[0]!, name: "b" }, { name: "watched", group: "products" }];
  const of = (row: string, ours: number, peer: number, probe = [1, 2, 3]): Result[] => [
    result("ours", [ours], { row }),
    result("peer", [peer], { row, probe }),
  ];
  const made = sections(two, [...of("matmul_64", 2, 1), ...of("b", 8, 1), ...of("watched", 99, 1)]);
  assert.is(overall(made.sections[0]!, "peer"), 4);
  assert.is(overall(sections(two, of("b", 8, 1, [9, 9, 9])).sections[0]!, "peer"), null);
});

const twice = (row: string): Result[] => [result("ours", [10], { row }), result("pytorch", [20], { row })];

test("a report in HTML and in Markdown", () => {
  const report = {
    ...{
      table: "suite" as const,
      date: "2026-01-01",
      machine: ["two <cores>"],
      libraries: ["ours"],
      runtime: "Node",
      figures: [],
    },
    ...sections(rows, [result("ours", [10]), result("pytorch", [20])]),
  };
  assert.match(html(report), /<circle cx="[\d.]+" cy="[\d.]+" r="4" class="good"/);
  assert.match(html(report), /two &lt;cores>/);
  const readme = "# Title\n<!-- npm run bench: begin -->\nold\n<!-- npm run bench: end -->\nlast\n";
  assert.match(
    inReadme(readme, { ...report, ...sections([{ ...rows[0]!, name: "add4" }], twice("add4")) }),
    /\| add of 4 elements \| 10\.0 µs \| 2\.0 \|\n/,
  );
  assert.throws(() => inReadme("# Title", report), /README.md lacks/);
  assert.match(markdown(report), /\| matmul_64 \| 10\.0 µs \| 52\.4 GFLOP\/s \|.*\| 20\.0 µs 0\.50 \|/);
});

test("noise: in range, repeatable, and different by seed", () => {
  const a = noise(1000, 1);
  assert.ok(a.every((v) => v >= -1 && v < 1));
  assert.equal(a, noise(1000, 1));
  assert.not.equal(a, noise(1000, 2));
});

test.run();
