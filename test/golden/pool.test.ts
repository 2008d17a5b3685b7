// A case that kills its process costs that case alone.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { replayFiles } from "./pool.ts";
import { recordedFiles } from "./replay.ts";

const FRAGILE = `
  export class Tensor {}
  export const scope = (body) => body();
  export const manualSeed = () => {};
  export const odd = (x) => { if (x % 2 === 0) process.exit(3); return x; };
`;

const pool = suite("pool of replaying processes");
const folder = mkdtempSync(path.join(tmpdir(), "goldens-"));
pool.after(() => rmSync(folder, { recursive: true }));

pool("the run goes on behind a case that ends its process", async () => {
  const library = path.join(folder, "fragile.mjs");
  writeFileSync(library, FRAGILE);
  mkdirSync(path.join(folder, "ops"));
  const cases = [1, 2, 3].map((n) => ({ input: n, args: [], kwargs: {}, output: n, error: 0 }));
  const file = { op: "odd", variant: "", aliases: [], seed: 0, dtypes: { float32: cases }, errors: [] };
  writeFileSync(path.join(folder, "ops/odd.json"), JSON.stringify(file));
  const results = await replayFiles(recordedFiles(folder), { library, only: "", jobs: 1, onFile() {} });
  assert.equal(
    results.map((r) => `${r.label} ${r.outcome} ${r.reason ?? ""}`),
    ["float32[0] pass ", "float32[1] fail the process ended (code 3)", "float32[2] pass "],
  );
});

pool.run();
