// Builds what is out of date: the kernels (assembly/ → dist/wasm/, four flavours), the library (src/ → dist/), what uses
// it (test/, bench/, examples/ → build/), and the library in one file.
//
//   node tools/build.mjs [--only simd|relaxed] [--fast]
//
// --only builds the kernels for one instruction set and removes the others; --fast skips asc's optimiser. Both are for
// work on kernels: the result is marked stale for a plain build.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import { digest, files, root, run } from "./files.mjs";
import { joinModules } from "./join.mjs";
import { buildKernels } from "./kernels.mjs";

const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1].split("-")[0] : null;
const fast = process.argv.includes("--fast");

await buildKernels(only, fast);
await buildLibrary();
if (only === null) await buildSingle();

async function buildLibrary() {
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  const stamp = digest(
    ["src", "test", "bench", "examples"]
      .flatMap(files)
      .filter((f) => /\.(ts|json)$/.test(f) && !f.includes("fixtures"))
      .concat("tsconfig.json", "tools/join.mjs"),
    "",
  );
  const stampFile = path.join(root, "dist/.stamp");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp && existsSync(path.join(root, "build")))
    return;
  for (const entry of readdirSync(path.join(root, "dist"))) {
    if (entry !== "wasm") rmSync(path.join(root, "dist", entry), { recursive: true });
  }
  rmSync(path.join(root, "build"), { recursive: true, force: true });
  await run(tsc, ["-p", "src"]);
  await run(tsc, ["-p", "test"]);
  await joinModules();
  writeFileSync(stampFile, stamp);
}

/** The whole library in one file, with both kernels inside: a module, a script that sets `flambeau`, one for a worker. */
async function buildSingle() {
  const stamp = ["dist/.stamp", "dist/wasm/.stamp"].map((file) => readFileSync(at(file), "utf8")).join("\n");
  const stampFile = at("dist/.stamp-single");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  const options = { bundle: true, minify: true, keepNames: true, target: "es2022" };
  const entryPoints = [at("dist/entry.single.js")];
  await build({ ...options, entryPoints, format: "esm", outfile: at("dist/flambeau.js") });
  await build({
    ...options,
    entryPoints,
    format: "iife",
    outfile: at("dist/flambeau.global.js"),
    globalName: "flambeau",
  });
  const worker = { entryPoints: [at("dist/worker.single.js")], external: ["./worker.packed.js"] };
  const { outputFiles } = await build({ ...options, ...worker, format: "iife", write: false });
  const packed = deflateRawSync(outputFiles[0].contents, { level: 9 }).toString("base64");
  writeFileSync(at("dist/worker.packed.js"), `export const packed = "${packed}";\n`);
  writeFileSync(stampFile, stamp);
}

function at(file) {
  return path.join(root, file);
}
