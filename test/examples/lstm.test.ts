import { test } from "uvu";
import * as assert from "uvu/assert";
import { runExample } from "./run.ts";

test("the LSTM learns the year's rhythm, and its report shows the forecast", () => {
  const { text, report } = runExample("lstm", ["--steps", "40"]);
  assert.match(text, /alone for \d+ months: off by [\d.]+ ppm/);
  assert.match(report, /the LSTM on its own/);
  const [from, to] = [...text.matchAll(/^ +([\d.e+-]+) ┤/gm)].map((m) => Number(m[1]));
  assert.ok(to! < from! / 2, text);
  assert.not.match(report, /NaN|undefined|Infinity/);
});

test.run();
