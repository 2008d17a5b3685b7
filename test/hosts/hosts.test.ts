// The smoke program in each host of the command line that is there. One that is missing is named.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../house/sources.ts";
import { check, note, skip } from "./check.ts";
import { libraryFor, smokeFor } from "./modules.ts";

const program = fileURLToPath(new URL("main.js", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "flambeau-hosts-"));
const THREADS = /-threads kernels .* \d+ threads?,/;
const HOSTS: readonly (readonly [name: string, command: string, args: readonly string[], describe: RegExp])[] = [
  ["node", process.execPath, [program], THREADS],
  [
    "node without shared memory",
    process.execPath,
    ["--import", "data:text/javascript,delete globalThis.SharedArrayBuffer", program],
    /-single kernels .* one thread \(no SharedArrayBuffer here\)/,
  ],
  ["bun", "bun", [program], THREADS],
  ["deno", "deno", ["run", "--allow-read", program], THREADS],
  [
    "workerd",
    "workerd",
    ["test", service()],
    /relaxed-single kernels .* one thread \(edge workers have no threads\), up to 96 MiB/,
  ],
];

for (const [name, command, args, describe] of HOSTS) {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
  if (error !== undefined && (error as { code?: string }).code === "ENOENT") {
    skip(test, name, "not on the PATH");
    continue;
  }
  test(name, () => {
    const line = stdout.split("\n").findLast((l) => l.startsWith("{"));
    const answer = JSON.parse(line ?? "null");
    check(answer, name.split(" ")[0]!, describe, `${stdout}\n${stderr}`);
    note(name, "a program", answer);
  });
}

test("node without SIMD", () => {
  const old = ["--import", "data:text/javascript,WebAssembly.validate = () => false", program];
  const { stderr } = spawnSync(process.execPath, old, { encoding: "utf8", timeout: 60_000 });
  assert.match(stderr, /TypeError: .*flambeau: node \S+ has no WebAssembly SIMD, which the kernels need/);
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();

/** A worker of workerd that runs the program as its test. Its configuration lists every module with its text. */
function service(): string {
  const main = `
    import { smoke } from "./smoke.js";
    export default { async test() { console.log(JSON.stringify(await smoke())); } };`;
  const texts = libraryFor("workerd").map((file) => [file, readFileSync(path.join(root, file), "utf8")] as const);
  const kernels = "dist/wasm/relaxed-single.wasm";
  const modules = [
    ...[["main.js", main] as const, ["smoke.js", smokeFor("workerd")] as const, ...texts].map(
      ([name, text]) => `(name = "${name}", esModule = ${quoted(text)})`,
    ),
    `(name = "${kernels}", wasm = 0x"${readFileSync(path.join(root, kernels), "hex")}")`,
  ];
  const file = path.join(folder, "smoke.capnp");
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const smoke :Workerd.Worker = (compatibilityDate = "2026-01-01", modules = [\n${modules.join(",\n")}\n]);
const config :Workerd.Config = (services = [(name = "smoke", worker = .smoke)]);\n`,
  );
  return file;
}

/** A text of Cap'n Proto: as in JSON, but what is beyond ASCII is written as the bytes of its UTF-8. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u{10ffff}]/gu, (character) =>
    Buffer.from(character).toString("hex").replace(/../g, "\\x$&"),
  );
}
