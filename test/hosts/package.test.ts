// The package as npm packs it: installed in an empty folder, type-checked, run, and looked at by the tools that the ecosystem
// has for this. Nothing needs the network.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../house/sources.ts";
import { skip } from "./check.ts";

const folder = mkdtempSync(path.join(tmpdir(), "flambeau-package-"));
const app = path.join(folder, "app");
const installed = path.join(app, "node_modules/flambeau");

/** Runs a command to its good end; gives what it printed. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 120_000 });
  assert.is(status, 0, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout + stderr;
}

/** A test that needs a command, which is skipped out loud without it. */
function testWith(command: string, name: string, body: () => void): void {
  const there = spawnSync(command, ["--version"]).error === undefined;
  if (there) test(name, body);
  else skip(test, name, `${command} is not on the PATH`);
}

const PROGRAM = `
import * as fl from "flambeau";
import { Linear } from "flambeau/nn";
import { mseLoss } from "flambeau/nn/functional";
import { ones_ } from "flambeau/nn/init";
import { SGD } from "flambeau/optim";
import { StepLR } from "flambeau/optim/lrScheduler";
import { DataLoader } from "flambeau/data";
import { safetensors } from "flambeau/io";
import { type Tensor, tensor } from "flambeau/ops";
import { endWorker, inWorker } from "flambeau/worker";
import * as single from "flambeau/single";

class Net extends fl.nn.Module {
  fc = new Linear(2, 1);
  forward(x: Tensor): Tensor {
    return this.fc(x).relu();
  }
}
const net = new Net();
const optimizer = new SGD(net.parameters(), { lr: 0.1 });
new StepLR(optimizer, 1);
for (const p of net.parameters()) ones_(p);
const loss: Tensor = mseLoss(net(tensor([[1, 2.5]])), tensor([[1.5]]));
loss.backward();
optimizer.step();
const bytes: Uint8Array = safetensors.save(net.stateDict());
for await (const batch of new DataLoader([1, 2, 3], { batchSize: 3 })) console.log(batch.tolist());
const remote = await inWorker();
const sum: number = await remote.ones(3).sum().item();
endWorker(remote);
// @ts-expect-error: an unknown option
() => fl.sum(loss, { dims: 0 });
console.log(loss.item(), bytes.length > 0, sum, single.ones(2).sum().item());
`;
const TSCONFIG = {
  compilerOptions: {
    target: "es2022",
    lib: ["es2023", "esnext.disposable", "dom"],
    module: "nodenext",
    strict: true,
    skipLibCheck: false,
    types: [],
    rootDir: ".",
  },
};

test.before(() => {
  mkdirSync(app);
  writeFileSync(path.join(app, "package.json"), `{ "private": true, "type": "module" }`);
  writeFileSync(path.join(app, "app.ts"), PROGRAM);
  writeFileSync(path.join(app, "tsconfig.json"), JSON.stringify(TSCONFIG));
  run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root);
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz"))!;
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", path.join(folder, archive)], app);
});
test.after(() => rmSync(folder, { recursive: true }));

test("npm pack → install: types under strict with those of the library checked, and it runs", () => {
  run(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-p", "."], app);
  const printed = run(process.execPath, ["app.js"], app);
  assert.ok(printed.endsWith("[ 1, 2, 3 ]\n9 true 3 2\n"), printed);
});

test("it holds what it needs and nothing else", () => {
  assert.equal(readdirSync(installed).sort(), ["LICENSE", "README.md", "dist", "docs", "package.json"]);
  const files = readdirSync(path.join(installed, "dist"), { recursive: true, withFileTypes: true });
  const strangers = files.filter((file) => file.isFile() && !/\.(c?js|d\.ts|js\.map|wasm)$/.test(file.name));
  assert.equal(strangers, []);
});

testWith("publint", "publint", () => {
  run("publint", ["run", installed, "--strict"], app);
});

testWith("attw", "are the types wrong?", () => {
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz"))!;
  run("attw", [path.join(folder, archive), "--profile", "esm-only"], folder);
});

testWith("deno", "JSR: no slow types", () => {
  const place = path.join(folder, "jsr");
  cpSync(path.join(root, "src"), path.join(place, "src"), { recursive: true });
  const { compilerOptions } = TSCONFIG;
  writeFileSync(
    path.join(place, "deno.json"),
    JSON.stringify({
      name: "@flambeau/flambeau",
      version: "0.0.0",
      license: "MIT",
      exports: { ".": "./src/library.ts", "./nn": "./src/nn/index.ts", "./worker": "./src/worker.ts" },
      compilerOptions: { lib: compilerOptions.lib, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
    }),
  );
  run("deno", ["publish", "--dry-run", "--allow-dirty"], place);
});

testWith("wrangler", "wrangler's bundle for an edge worker has the kernels", () => {
  const worker = `import * as fl from "flambeau";
    export default { fetch: () => new Response(String(fl.ones(3).sum().item())) };`;
  writeFileSync(path.join(app, "worker.js"), worker);
  const args = ["deploy", "worker.js", "--dry-run", "--outdir", "edge", "--name", "edge"];
  run("wrangler", [...args, "--compatibility-date", "2026-01-01"], app);
  assert.ok(readdirSync(path.join(app, "edge")).some((file) => file.endsWith(".wasm")));
});

test.run();
