// The documents hold what they say: every ```js block of README.md and docs/ runs as printed, a `console.log(…); // text`
// prints that text, and every call in the second column of a table "PyTorch | Flambeau" runs after the block above it.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const root = fileURLToPath(new URL("../../", import.meta.url)); // of the project, from build/test
// Inside the package, so that a block imports it by its name as a user would.
const folder = path.join(root, "build/docs");

interface Block {
  /** The document, and which of its blocks. */
  readonly name: string;
  readonly code: string;
  /** What it says that it prints, in this order. */
  readonly promised: readonly string[];
}

interface Ran {
  readonly printed: readonly string[];
  readonly error: string | null;
}

const documents = ["README.md", ...readdirSync(path.join(root, "docs")).map((file) => `docs/${file}`)];
const blocks = documents.filter((file) => file.endsWith(".md")).flatMap(blocksOf);
const results = run(blocks);

for (const [i, block] of blocks.entries()) {
  test(block.name, () => {
    const { printed, error } = results[i]!;
    assert.is(error, null, `${error}\n${block.code}`);
    let at = 0;
    for (const text of block.promised) {
      const found = printed.findIndex((line, j) => j >= at && line === text);
      assert.ok(found >= 0, `nothing printed is ${text}\n${printed.slice(at).join("\n")}`);
      at = found + 1;
    }
  });
}

test("the loss of the README's training falls", () => {
  const printed = results[blocks.findIndex(({ name }) => name === "README.md 1")]!.printed.join("\n");
  const losses = [...printed.matchAll(/^\d+ ([\d.]+)$/gm)].map((m) => Number(m[1]));
  assert.is(losses.length, 3);
  assert.ok(losses[2]! < losses[0]! / 10, printed);
  assert.match(printed, /\(fc1\): Linear\(in_features=1, out_features=32, bias=True\)/);
  assert.match(printed, /tensor\(\[\[0\.8\d+\]\], grad_fn=<AddmmBackward0>\)/);
});

test.run();

function blocksOf(file: string): Block[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const found = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map((m) => m[1]!);
  const blocks = found.map((code, i) => ({
    name: `${file} ${i + 1}`,
    code,
    promised: [...code.matchAll(/^.*console\.log\(.*\); \/\/ (.+)$/gm)].map((m) => m[1]!),
  }));
  const table = /```js\n([\s\S]*?)```[^`]*\n\| PyTorch \| Flambeau \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(text);
  if (table === null) return blocks;
  const [, prelude, rows] = table;
  const calls = rows!.split("\n").flatMap((row) => {
    const ours = row.split(/(?<!\\)\|/)[2] ?? "";
    return [...ours.matchAll(/`([^`]+)`/g)].map(([, call]) => `{ ${call!.replaceAll("\\|", "|")}; }`);
  });
  return [...blocks, { name: `${file}, the table`, code: [prelude, ...calls].join("\n"), promised: [] }];
}

/** Runs the blocks one after another in one process, each as a module of its own. */
function run(blocks: readonly Block[]): Ran[] {
  mkdirSync(folder, { recursive: true });
  try {
    for (const [i, { code }] of blocks.entries()) writeFileSync(path.join(folder, `${i}.mjs`), code);
    writeFileSync(
      path.join(folder, "main.mjs"),
      `import { inspect } from "node:util";
const results = [];
const write = console.log;
for (let i = 0; i < ${blocks.length}; i++) {
  const printed = [];
  console.log = (...values) => printed.push(values.map((v) => (typeof v === "string" ? v : inspect(v))).join(" "));
  const error = await import(\`./\${i}.mjs\`).then(() => null, (e) => String(e?.stack ?? e));
  results.push({ printed, error });
}
write(JSON.stringify(results));
`,
    );
    const printed = execFileSync(process.execPath, [path.join(folder, "main.mjs")], { encoding: "utf8" });
    return JSON.parse(printed) as Ran[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
