// Times this library and its peers side by side: prints a table, and writes a report to read and to keep.
//
//   npm run bench -- [--table NAME] [--only RE] [--rounds N] [--ms N] [--threads 1,2] [--peers a,b] [--no-figures]
//                    [--json FILE] [--html FILE] [--markdown FILE] [--readme FILE]
//
// With `--table operators` the rows are those of operators.ts, with `--table models` those of models.ts, beside PyTorch alone.
//
// Every library lives in a process of its own (child.ts), started once; rounds.ts says how they take turns. A ratio is the
// median over the rounds of ours ÷ theirs: below 1, ours is faster.
//
// The peers are optional: `npm run bench:install` installs those of npm, and a `python3` with torch is found by itself.
// Where the package `node` is among them the JavaScript libraries run on it (the newest, with relaxed SIMD).
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { ceilingsOf } from "./ceilings.ts";
import { measureFigures } from "./figures.ts";
import { node, type Side, SUITE, start, versionOf } from "./libraries.ts";
import { machine } from "./machine.ts";
import { inReadme, markdown, type Table } from "./markdown.ts";
import { models } from "./models.ts";
import { forPyTorch, operators } from "./operators.ts";
import { html } from "./report.ts";
import { measure } from "./rounds.ts";
import { type Row, rows } from "./rows.ts";
import { sections, table } from "./table.ts";

const { values: option } = parseArgs({
  options: {
    table: { type: "string", default: "suite" },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "150" },
    threads: { type: "string", default: "1" },
    peers: { type: "string" },
    "no-figures": { type: "boolean", default: false },
    json: { type: "string" },
    html: { type: "string" },
    markdown: { type: "string" },
    readme: { type: "string" },
  },
});
const threads = option.threads.split(",").map(Number);
const folder = mkdtempSync(path.join(tmpdir(), "flambeau-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const written = path.join(folder, "operators.json");
const TABLES: Record<Table, Side & { readonly rows: readonly Row[] }> = {
  suite: { rows, ...SUITE },
  operators: { rows: operators, ours: "operators.js", pytorch: [written] },
  models: { rows: models, ours: "models.js", pytorch: ["models"] },
};
const isTable = (name: string): name is Table => Object.hasOwn(TABLES, name);
if (!isTable(option.table))
  throw new Error(`there is no table ${option.table}: expected ${Object.keys(TABLES).join(", ")}`);
const side = TABLES[option.table];
const isSuite = option.table === "suite";
const chosen = side.rows.filter(({ name }) => new RegExp(option.only).test(name));
if (chosen.length === 0) throw new Error(`no row of the table "${option.table}" is called ${option.only}`);
const peers = option.peers ?? (isSuite ? "ours-128,pytorch,pytorch-avx512,onnx-node,onnx-web,tfjs,jax" : "pytorch");
const files = ["ours", ...peers.split(",").filter((name) => name !== "")];
if (option.table === "operators") write(written, () => JSON.stringify(forPyTorch()));

const contestants = [];
for (const file of files) {
  for (const n of threads) {
    const started = await start(file, n, side);
    if ("reason" in started) console.log(`without ${file} on ${n} thread${n > 1 ? "s" : ""}: ${started.reason}`);
    else contestants.push(started);
  }
}
const labels = contestants.map((c) => c.label);
const { rounds, ms } = { rounds: Number(option.rounds), ms: Number(option.ms) };
const ceilings = ceilingsOf(labels[0]!.includes("256 bits"));
const on = machine(ceilings);
console.log(
  [labels.join(" · "), on.join(" · "), `Node ${versionOf(node)}, ${rounds} rounds of ${ms} ms`, ""].join("\n"),
);

const results = await measure(contestants, chosen, { rounds, ms });
for (const contestant of contestants) contestant.stop();
const report = {
  table: option.table,
  date: new Date().toISOString().slice(0, 10),
  machine: on,
  libraries: labels,
  runtime: `Node ${versionOf(node)}, ${rounds} rounds of ${ms} ms`,
  ...sections(chosen, results, ceilings),
  figures: option["no-figures"] || !isSuite ? [] : await measureFigures(peers.includes("pytorch")),
};
console.log(table(report));
for (const { name, ours, goal } of report.figures)
  console.log(`${name}: ${ours}${goal === "" ? "" : ` (goal: ${goal})`}`);

write(option.json, () => JSON.stringify({ ...report, ceilings, results }, null, 1));
write(option.html, () => html(report));
write(option.markdown, () => markdown(report));
write(option.readme, () => inReadme(readFileSync(option.readme!, "utf8"), report));

function write(file: string | undefined, content: () => string): void {
  if (file === undefined) return;
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  writeFileSync(file, content());
}
