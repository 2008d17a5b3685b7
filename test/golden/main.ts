// Replays recorded cases of PyTorch through the public API.
//
//   npm run golden -- FOLDER [--only REGEX] [--json FILE] [--library FILE] [--jobs N]
//
// FOLDER holds ops/, modules/, optimizers/, random.json.gz and printing.json.gz, or some of them. --only takes names,
// Python's or ours; --json writes every result; --library puts another library behind the same names in our place.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { replayFiles } from "./pool.ts";
import type { Result } from "./replay.ts";
import { recordedFiles } from "./replay.ts";
import { namedReport, totals } from "./report.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    json: { type: "string" },
    library: { type: "string" },
    jobs: { type: "string", default: "1" },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("usage: npm run golden -- FOLDER [--only REGEX] [--json FILE] [--library FILE] [--jobs N]");
  process.exit(2);
}

const results = await replayFiles(recordedFiles(folder), {
  library: values.library ?? null,
  only: values.only,
  jobs: Number(values.jobs),
  onFile: printNames,
});
console.log(totals(results));
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, null, 1));
process.exit(results.some((r) => r.outcome === "fail") ? 1 : 0);

function printNames(ofFile: readonly Result[]): void {
  for (const name of new Set(ofFile.map((r) => r.name))) {
    const text = namedReport(
      name,
      ofFile.filter((r) => r.name === name),
    );
    if (text !== "") console.log(text);
  }
}
