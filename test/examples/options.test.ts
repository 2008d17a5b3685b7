// What the examples say of their options, and of what they do not understand.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readOptions } from "../../examples/support/options.ts";
import { root } from "../house/sources.ts";

const folder = fileURLToPath(new URL("../../examples", import.meta.url));
/** Commands and what their options are if they are not given. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  "gpt.js": ["steps N", "seed N", "letters N", "begin TEXT", "out FOLDER"],
  "lstm.js": ["steps N", "seed N", "out FOLDER"],
  "mnist.js": ["epochs N", "seed N", "limit N", "fresh", "out FOLDER", "half FILE"],
  "pretrained.js": ["steps N", "seed N", "out FOLDER"],
  "vae.js": ["epochs N", "seed N", "limit N", "out FOLDER"],
  "edge/start.js": ["port N"],
  "serve/load.js": ["seconds N", "rounds N", "connections N", "threads N"],
  "serve/main.js": ["port N", "host NAME", "model FILE", "batch N", "wait MS", "queue N", "threads N", "notice MS"],
  "web/serve.js": ["port N", "plain"],
};

function run(file: string, ...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [`${folder}/${file}`, ...args], { cwd: root, encoding: "utf8", timeout: 60_000 });
}

test("--help lists the options with their defaults, and another option is a line", () => {
  const ports: string[] = [];
  for (const [file, names] of Object.entries(EXAMPLES)) {
    const { status, stdout, stderr } = run(file, "--help");
    assert.is(status, 0, stderr);
    const listed = [...stdout.matchAll(/^ {2}--(\w+(?: [A-Z]+)?) {2,}\S.*$/gm)].map(([, name]) => name);
    assert.equal(listed, [...names, "help"], file);
    ports.push(...[...stdout.matchAll(/--port N .* \((\d+)\)$/gm)].map(([, port]) => port!));
    const wrong = run(file, "--nonsense");
    assert.is(wrong.status, 2, file);
    assert.match(wrong.stderr, /^Unknown option '--nonsense': `.* --help` lists the options\n$/);
    assert.is(wrong.stdout, "");
  }
  assert.is(ports.length, 3);
  assert.is(new Set(ports).size, 3, `servers get in each other's way: ${ports}`);
});

test("every example that reads options is among them", () => {
  const programs = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => /^\w+\.js$/.test(file));
  for (const file of programs) assert.ok(file in EXAMPLES, file);
});

test("a number has to be one, an option to have a value", () => {
  assert.match(run("gpt.js", "--steps", "many").stderr, /^--steps is "many", expected a number: `/);
  assert.match(run("gpt.js", "--steps").stderr, /^Option '--steps <value>' argument missing: `/);
  assert.match(run("gpt.js", "ten").stderr, /^Unexpected argument 'ten': `/);
  assert.is(run("mnist.js", "--limit", "").status, 2);
});

test("options have the kinds of their defaults", () => {
  const { argv } = process;
  process.argv = [...argv.slice(0, 2), "--steps", "1e3", "--name", "7", "--fresh", "--threads=2"];
  try {
    const option = readOptions("it", {
      steps: [10, "of it"],
      rate: [0.5, "of it"],
      name: ["x", "of it"],
      fresh: [false, "or not"],
      threads: [Number, "of it"],
      file: [String, "of it"],
    });
    const { steps, threads }: { steps: number; threads: number | undefined } = option;
    assert.equal([steps, threads], [1000, 2]);
    assert.equal(option, { steps: 1000, rate: 0.5, name: "7", fresh: true, threads: 2, file: undefined });
  } finally {
    process.argv = argv;
  }
});

test.run();
