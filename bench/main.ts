// Times this library and its peers side by side and prints a table of medians.
//
//   npm run bench -- [--only RE] [--rounds N] [--ms N] [--threads 1,2] [--peers a,b] [--json FILE]
//
// Every library lives in a process of its own (child.ts), started once. The parent goes round: for each row, a few
// rounds, and in each round every library in turn while the others wait; so a slow minute of the machine slows all
// alike. A ratio is the median over the rounds of ours ÷ theirs: below 1, ours is faster.
//
// The peers are optional: `npm run bench:install` installs those of npm, and a `python3` with torch is found by itself.
// Where the package `node` is among them the JavaScript libraries run on it (the newest, with relaxed SIMD).
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Contestant } from "./contestant.ts";
import { rows } from "./rows.ts";
import { median, note, type Result, table } from "./table.ts";

const built = path.dirname(fileURLToPath(import.meta.url));
const folder = path.resolve(built, "../../bench");
const newestNode = path.join(folder, "peers/node_modules/node/bin/node");
const node = existsSync(newestNode) ? newestNode : process.execPath;

const { values: option } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "150" },
    threads: { type: "string", default: "1" },
    peers: { type: "string", default: "pytorch,onnx-node,onnx-web,tfjs,jax" },
    json: { type: "string" },
  },
});
const rounds = Number(option.rounds);
const threads = option.threads.split(",").map(Number);
const chosen = rows.filter(({ name }) => new RegExp(option.only).test(name));
const files = ["ours", ...option.peers.split(",").filter((name) => name !== "")];

const contestants: Contestant[] = [];
for (const file of files) {
  for (const n of threads) {
    let started: Contestant | { reason: string } = { reason: "" };
    for (const command of commandsOf(file, n)) {
      started = await Contestant.start(file, n, command);
      if (started instanceof Contestant) break;
    }
    if (started instanceof Contestant) contestants.push(started);
    else console.log(`without ${file} on ${n} thread${n > 1 ? "s" : ""}: ${started.reason}`);
  }
}
const version = versionOf(node);
console.log(`${contestants.map((c) => c.label).join(" · ")}\nNode ${version}, ${rounds} rounds of ${option.ms} ms\n`);

const results: Result[] = [];
for (const row of chosen) {
  const asked = new Map(contestants.map((c) => [c, [] as Awaited<ReturnType<Contestant["ask"]>>[]]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const before = asked.get(contestant)!;
      // What is absent or failed once is not asked again.
      if (before.length === round) {
        const reply = await contestant.ask(row.name, Number(option.ms));
        if (reply.kind === "samples" || round === 0) before.push(reply);
      }
    }
    note(`${row.name} ${round + 1}/${rounds}`);
  }
  for (const [contestant, replies] of asked) {
    const timed = replies.filter((r) => r.kind === "samples");
    const failure = replies.find((r) => r.kind === "error");
    results.push({
      row: row.name,
      library: contestant.file,
      threads: contestant.threads,
      medians: timed.map((r) => median(r.samples)),
      probe: timed[0]?.probe ?? null,
      error: failure?.kind === "error" ? failure.message : null,
    });
  }
}
for (const contestant of contestants) contestant.stop();
note("");
console.log(table(chosen, results));

if (option.json !== undefined) {
  mkdirSync(path.dirname(path.resolve(option.json)), { recursive: true });
  const libraries = contestants.map((c) => ({ library: c.file, threads: c.threads, version: c.label }));
  writeFileSync(option.json, JSON.stringify({ node: version, libraries, results }, null, 1));
}

/** How a library's process is started; where there is more than one way, the first that works is taken. */
function commandsOf(file: string, n: number): string[][] {
  if (file === "pytorch") {
    // The first Python of the path is not always the one that the system's packages are for.
    return ["python3", "/usr/bin/python3"].map((python) => [python, path.join(folder, "peers/pytorch.py"), String(n)]);
  }
  const module = file === "ours" ? path.join(built, "ours.js") : path.join(folder, `peers/${file}.mjs`);
  return [[node, path.join(built, "child.js"), module, String(n)]];
}

function versionOf(binary: string): string {
  return execFileSync(binary, ["--version"], { encoding: "utf8" }).trim().replace("v", "");
}
