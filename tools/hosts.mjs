// Runs the tests of hosts and writes the README's table of what was seen.
//
//   node tools/hosts.mjs [NODE...]
//
// Further Nodes, by the paths of their programs, give rows of their own. What is on the PATH (Bun, Deno, workerd, bundlers)
// and in the system (browsers) is found; what is missing has no row, and is said.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withTable } from "../build/bench/readme.js";
import { root } from "./files.mjs";

const notes = path.join(root, "build/hosts.jsonl");
const COLUMNS = {
  "program, page": ["a program", "a plain page"],
  "isolated page": ["an isolated page"],
  "Web Worker": ["a Web Worker"],
  "the same, isolated": ["a Web Worker of an isolated page"],
  inWorker: ["the library in a worker"],
  "service worker": ["a service worker", "a module service worker"],
  "page from a file": ["a page from a file"],
};

rmSync(notes, { force: true });
test(process.execPath, "hosts/hosts", "hosts/browser", "hosts/bundlers");
for (const node of process.argv.slice(2)) test(node, "hosts/hosts");

const rows = new Map(); // host → what was seen, by the kind of page
const bundlers = [];
for (const line of readFileSync(notes, "utf8").trim().split("\n")) {
  const { host, kind, describe } = JSON.parse(line);
  const [, set, name, threads] = /cpu: (\w+)-\w+ kernels on (.+?), (\d+ threads|one thread)/.exec(describe);
  if (kind === "a bundle") {
    bundlers.push(host);
    continue;
  }
  const version = name.split(" ")[1];
  const row = labelOf(host, version);
  if (!rows.has(row)) rows.set(row, { kernels: set === "simd" ? "SIMD" : "relaxed SIMD", kinds: new Map() });
  rows.get(row).kinds.set(kind, threads === "one thread" ? "one thread" : "threads");
}

const programs = ({ kinds }) => Number(kinds.has("a program"));
const ordered = [...rows].sort(([, a], [, b]) => programs(b) - programs(a)); // pages below

const table = [
  `| | kernels | ${Object.keys(COLUMNS).join(" | ")} |`,
  `|---|---|${Object.keys(COLUMNS)
    .map(() => "---|")
    .join("")}`,
  ...ordered.map(([host, { kernels, kinds }]) => {
    const cells = Object.values(COLUMNS).map((names) => {
      const seen = names.map((name) => kinds.get(name)).filter((cell) => cell !== undefined);
      return [...new Set(seen)].join(", ");
    });
    return `| ${host} | ${kernels} | ${cells.join(" | ")} |`;
  }),
  "",
  `Bundles by ${bundlers.join(", ")} with their defaults: threads in an isolated page.`,
];

const readme = path.join(root, "README.md");
writeFileSync(readme, withTable(readFileSync(readme, "utf8"), "npm run hosts", table.join("\n")));
console.log(table.join("\n"));

/** "Node 24", "Node 20, without shared memory", "Chromium 156" */
function labelOf(host, version) {
  const [name, ...rest] = host.split(/ (?=with)/);
  const known = `${name[0].toUpperCase()}${name.slice(1)}`;
  const number = /^WebKit|^workerd/.test(name) || version === undefined ? "" : ` ${version.split(".")[0]}`;
  return [name === "workerd" ? name : known + number, ...rest].join(", ");
}

function test(node, ...parts) {
  const { status } = spawnSync(node, [path.join(root, "tools/test.mjs"), ...parts], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
