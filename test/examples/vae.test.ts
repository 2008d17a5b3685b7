import { test } from "uvu";
import * as assert from "uvu/assert";
import { runExample } from "./run.ts";

test("the autoencoder learns, and draws digits in the terminal and in its report", () => {
  const { text, report } = runExample("vae", ["--limit", "1280", "--epochs", "2"]);
  const [first, second] = [...text.matchAll(/^epoch \d {2}loss ([\d.]+) nats a digit$/gm)].map((m) => Number(m[1]));
  assert.ok(second! < first! && second! < 300, text);
  assert.match(text, /digits that nobody wrote\n.*[⠁-⣿]/s);
  assert.is(report.match(/<figure>/g)?.length, 40 + 20 + 10);
  assert.not.match(report, /NaN|undefined|Infinity/);
});

test.run();
