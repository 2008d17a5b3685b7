// What the library weighs, raw and gzipped, against what it may weigh (size/budget.json): prints a table, and fails where
// something has grown beyond its budget. What has become smaller should have its budget lowered.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./files.mjs";

const budget = JSON.parse(readFileSync(path.join(root, "tools/size/budget.json"), "utf8"));
const sizes = {
  "all of it, JavaScript": await bundled("everything.js"),
  "an MLP that infers, JavaScript": await bundled("mlp.js"),
  "a page with the library in a worker, its own JavaScript": await bundled("worker.js"),
  "the library in a worker, packed": [read("dist/worker.packed.js")],
  "in one file, with both kernels": [read("dist/flambeau.js")],
  "kernels, SIMD": [read("dist/wasm/simd-single.wasm")],
  "kernels, relaxed SIMD": [read("dist/wasm/relaxed-single.wasm")],
};

let over = false;
console.log("| kB | raw | budget | gzipped | budget |\n|---|---:|---:|---:|---:|");
for (const [name, files] of Object.entries(sizes)) {
  const measured = { raw: kilobytes(files), gzip: kilobytes(files.map((file) => gzipSync(file, { level: 9 }))) };
  const cells = ["raw", "gzip"].flatMap((kind) => {
    const most = budget[name][kind];
    over ||= measured[kind] > most;
    return [measured[kind] > most ? `**${measured[kind]}**` : measured[kind], most];
  });
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
if (over) console.log("over budget: make it smaller, or raise tools/size/budget.json and say why");
process.exit(over ? 1 : 0);

/** The files of a bundle by esbuild's defaults, minified, but for the kernels. */
async function bundled(program) {
  const out = mkdtempSync(path.join(tmpdir(), "flambeau-size-"));
  try {
    await build({
      entryPoints: [path.join(root, "tools/size", program)],
      bundle: true,
      minify: true,
      splitting: true,
      format: "esm",
      outdir: out,
    });
    return readdirSync(out)
      .filter((file) => !/^(simd|relaxed|worker\.packed)-/.test(file))
      .map((file) => readFileSync(path.join(out, file)));
  } finally {
    rmSync(out, { recursive: true });
  }
}

function read(file) {
  return readFileSync(path.join(root, file));
}

function kilobytes(files) {
  return Number((files.reduce((sum, { length }) => sum + length, 0) / 1000).toFixed(1));
}
