// Writes docs/coverage.md, and the table between the two markers in README.md: what of PyTorch's own test databases passes,
// fails or is absent, by name, from a replay of recorded cases; and what there is of schedulers, data and files.
//
//   npm run coverage -- FOLDER      (see test/golden/README.md for what the folder holds)
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { withTable } from "../build/bench/readme.js";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: npm run coverage -- FOLDER");
  process.exit(2);
}
const library = await import(path.join(root, "dist/index.js"));
const names = byName(replay(folder));

const NAMESPACES = ["nn.functional", "linalg", "fft", "special", "masked", "signal.windows"];
const ROOT_TITLE = "Operators of `torch` and methods";
const KIND_TITLES = {
  module: "Modules",
  optimizer: "Optimizers",
  random: "Random streams and initial weights",
  printing: "Printing",
};
const TITLES = [ROOT_TITLE, ...NAMESPACES.map(titleOf), ...Object.values(KIND_TITLES)];
const families = TITLES.map((title) => {
  const members = names.filter((entry) => familyOf(entry) === title);
  const having = (outcome) => members.filter((member) => member.outcome === outcome);
  return { title, passing: having("pass"), failing: having("fail"), absent: having("absent") };
}).filter(({ passing, failing, absent }) => passing.length + failing.length + absent.length > 0);

writeFileSync(path.join(root, "docs/coverage.md"), coverage());
const readme = path.join(root, "README.md");
writeFileSync(readme, withTable(readFileSync(readme, "utf8"), "npm run coverage", summary()));

function titleOf(namespace) {
  return `Operators of \`${namespace}\``;
}

function familyOf({ kind, name }) {
  if (kind !== "operator" && kind !== "alias") return KIND_TITLES[kind];
  const namespace = NAMESPACES.find((n) => name.replace(/^torch\./, "").startsWith(`${n}.`));
  return namespace === undefined ? ROOT_TITLE : titleOf(namespace);
}

/** The results of all recorded cases. */
function replay(folder) {
  const scratch = mkdtempSync(path.join(tmpdir(), "flambeau-coverage-"));
  try {
    const json = path.join(scratch, "results.json");
    const script = path.join(root, "build/test/golden/main.js");
    // It ends with 1 where a case fails, which is what is to be told here.
    const { status } = spawnSync(process.execPath, [script, folder, "--json", json], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0 && status !== 1) throw new Error(`the replay ended with ${status}`);
    return JSON.parse(readFileSync(json, "utf8"));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** One entry a kind and name: how many of its cases pass, and why the first that does not. */
function byName(results) {
  const entries = new Map();
  for (const { kind, name, outcome, reason } of results) {
    const key = `${kind} ${name}`;
    const entry = entries.get(key) ?? { kind, name, passed: 0, of: 0, outcome: "pass", reason: null };
    entries.set(key, entry);
    entry.of++;
    if (outcome === "pass") entry.passed++;
    else if (entry.outcome !== "fail") entry.outcome = outcome;
    if (outcome === "fail") entry.reason ??= reason ?? "";
  }
  return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function coverage() {
  const cases = (members) => members.reduce((sum, { of }) => sum + of, 0);
  const rows = families.map(({ title, passing, failing, absent }) => {
    const passed = [...passing, ...failing].reduce((sum, member) => sum + member.passed, 0);
    return `| ${title} | ${passing.length} | ${failing.length} | ${absent.length} | ${passed} of ${cases([...passing, ...failing])} |`;
  });
  const sections = families.map(({ title, passing, failing, absent }) =>
    [
      `## ${title}`,
      listed("Pass", passing),
      failing.length === 0 ? "" : `**Fail** (${failing.length}):\n\n${failing.map(failure).join("\n")}`,
      listed("Absent", absent),
    ]
      .filter((part) => part !== "")
      .join("\n\n"),
  );
  return `# Coverage

Written by \`npm run coverage\` from cases that were recorded from PyTorch: what its own test databases feed its operators,
modules and optimizers, and what it answered. A name passes when all its cases do: forward, gradient, and bad input that must be
refused. Names are Python's, with the database's variant behind them.

| | pass | fail | absent | cases of what is there |
|---|---:|---:|---:|---:|
${rows.join("\n")}

${sections.join("\n\n")}

## Beside the databases

${beside().join("\n")}
`;
}

function listed(title, members) {
  if (members.length === 0) return "";
  return `**${title}** (${members.length}): ${members.map(({ name }) => `\`${name}\``).join(" ")}`;
}

function failure({ name, passed, of, reason }) {
  return `- \`${name}\`: ${passed} of ${of}; ${reason.split("\n")[0].slice(0, 160)}`;
}

/** What PyTorch's databases do not ask for, by the names that we export. */
function beside() {
  const classes = (namespace) => Object.keys(namespace).filter((name) => /^[A-Z]/.test(name));
  const functions = (namespace) => Object.keys(namespace).filter((name) => /^[a-z]/.test(name));
  const of = (all) =>
    all
      .sort()
      .map((name) => `\`${name}\``)
      .join(" ");
  const files = ["safetensors", "numpy"].flatMap((place) =>
    functions(library[place]).map((name) => `${place}.${name}`),
  );
  return [
    ["Schedulers", classes(library.optim.lrScheduler)],
    ["Data", Object.keys(library.utils.data)],
    ["Files", ["load", "save", ...files]],
    ["`nn.utils`", functions(library.nn.utils)],
    ["`autograd`", Object.keys(library.autograd)],
  ].map(([title, all]) => `- ${title}: ${of(all)}`);
}

/** The README's table. */
function summary() {
  const rows = families.map(({ title, passing, failing, absent }) => {
    return `| ${title} | ${passing.length} | ${failing.length || ""} | ${absent.length || ""} |`;
  });
  return `
| names in PyTorch's test databases | all their cases pass | some fail | absent |
|---|---:|---:|---:|
${rows.join("\n")}

${beside().slice(0, 3).join("\n")}
`;
}
