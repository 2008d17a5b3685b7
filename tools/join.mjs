// The library for hosts that read and parse it at every start: two hundred modules take Node 130 ms, one file 65, and one
// that leaves for later what a program may do without, 40.
//
//   dist/joined.js      what every program needs: tensors, operators, the CPU
//   dist/joined/*.cjs   the rest, by parts: each is read when something of it is first asked for (src/late.ts)
//   dist/joined/*.js    the entries by their own names, which give out what is theirs: one copy for all who import any
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./files.mjs";

const dist = path.join(root, "dist");
const CORE = "joined.js";

/** The late parts: what each exports. */
const PARTS = {
  nn: `export * as nn from "./nn/index.js"; export { deepcopy } from "./nn/deepcopy.js";`,
  optim: `export * as optim from "./optim/index.js";`,
  io: `export * from "./io/index.js";`,
  utils: `export * as utils from "./utils.js"; export { serve } from "./data/worker.js";`,
  distributions: `export * as distributions from "./distributions/index.js";`,
};
/** The part that has a late name of the root. */
const LATE = {
  nn: "nn",
  deepcopy: "nn",
  optim: "optim",
  load: "io",
  numpy: "io",
  safetensors: "io",
  save: "io",
  utils: "utils",
  distributions: "distributions",
};
/** The namespaces of the root that are there from the start. */
const SPACES = {
  autograd: "./autograd.js",
  linalg: "./linalg.js",
  masked: "./ops/masked.js",
  signal: "./signal.js",
  special: "./ops/special.js",
};
/** The entries beside the root, and where their names are. */
const ENTRIES = {
  "part.ops.js": "core.root",
  "part.nn.js": 'late.part("nn.cjs").nn',
  "part.functional.js": 'late.part("nn.cjs").nn.functional',
  "part.init.js": 'late.part("nn.cjs").nn.init',
  "part.optim.js": 'late.part("optim.cjs").optim',
  "part.lrScheduler.js": 'late.part("optim.cjs").optim.lrScheduler',
  "part.io.js": 'late.part("io.cjs")',
  "part.data.js": 'late.part("utils.cjs").utils.data',
};

export async function joinModules() {
  const all = await import(pathToFileURL(path.join(dist, "entry.node.js")).href);
  const early = Object.keys(all).filter((name) => !(name in LATE));
  mkdirSync(path.join(dist, "joined/data"), { recursive: true });
  const write = (file, text) => writeFileSync(path.join(dist, file === CORE ? file : `joined/${file}`), text);

  for (const [file, text] of await cut(early, await namesOf("ops/index.js"))) write(file, text);

  const stands = Object.entries(LATE).map(([name, part]) => {
    const call =
      typeof all[name] === "function"
        ? `callable("${part}.cjs", "${name}")`
        : `namespace("${part}.cjs", "${name}", ${JSON.stringify(Object.keys(all[name]))})`;
    return `export const ${name} = late.${call};\n`;
  });
  write("entry.node.js", given(early, "core.root") + stands.join(""));
  for (const [file, place] of Object.entries(ENTRIES)) write(file, given(await namesOf(file), place));
  write("data/worker.js", `import { late } from "../../joined.js";\nexport const { serve } = late.part("utils.cjs");\n`);
}

async function namesOf(file) {
  return Object.keys(await import(pathToFileURL(path.join(dist, file)).href));
}

/** A module that exports `names` of what is at `place`. Some are words of the language (`delete`): they are bound as others. */
function given(names, place) {
  const bound = names.map((name, i) => `${name}: _${i}`).join(", ");
  const exported = names.map((name, i) => `_${i} as ${name}`).join(", ");
  return `import { core, late } from "../joined.js";\nconst { ${bound} } = ${place};\nexport { ${exported} };\n`;
}

/** The files of the core and of the parts: name and text. */
async function cut(early, ops) {
  const sources = new Map([["core", coreOf(early, ops)]]);
  for (const [part, text] of Object.entries(PARTS)) sources.set(part, `import "core"; ${text}`);
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...sources.keys()],
    outdir: dist,
    write: false,
    bundle: true,
    splitting: true,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    minifyWhitespace: true, // a third is parsed faster
    lineLimit: 120, // for those who read stack traces
    plugins: [
      {
        name: "parts",
        setup(made) {
          made.onResolve({ filter: /^\w+$/ }, ({ path }) => (sources.has(path) ? { path, namespace: "parts" } : null));
          made.onLoad({ filter: /./, namespace: "parts" }, ({ path }) => ({
            contents: sources.get(path),
            resolveDir: dist,
          }));
        },
      },
    ],
  });
  // esbuild makes a file of what several need. The one that all need is the core; the entry of that name only hands it on.
  const nameOf = new Map();
  for (const { path: file } of outputFiles) {
    const base = path.basename(file, ".js");
    const { inputs } = metafile.outputs[path.relative(root, file)];
    const name = "dist/host.node.js" in inputs ? CORE : sources.has(base) ? `${base}.cjs` : `shared${nameOf.size}.cjs`;
    nameOf.set(path.basename(file), name);
  }
  const files = outputFiles.map(({ path: file, text }) => [nameOf.get(path.basename(file)), text]);
  return files.filter(([name]) => name !== "core.cjs").map(([name, text]) => [name, filed(text, name, nameOf)]);
}

/**
 * What there is from the start, by its names at the root: plain properties, as a bundled namespace is all getters, and a
 * thousand of those take milliseconds. The operators become methods, as in src/index.ts.
 */
function coreOf(early, ops) {
  const rest = early.filter((name) => !(name in SPACES));
  const imported = (names, prefix) => names.map((name, i) => `${name} as ${prefix}${i}`).join(", ");
  const object = (names, prefix) => names.map((name, i) => `${name}: ${prefix}${i}`).join(", ");
  return `
    import "./host.node.js";
    import { attachMethods } from "./attach.js";
    import { ${imported(ops, "op")} } from "./ops/index.js";
    import { ${imported(rest, "rest")} } from "./functions.js";
    ${Object.entries(SPACES).map(([name, file]) => `import * as ${name} from "${file}";\n`).join("")}
    attachMethods({ ${object(ops, "op")} });
    export { lateParts } from "./late.js";
    export const root = { attachMethods, ${Object.keys(SPACES).join(", ")}, ${object(rest, "rest")} };`;
}

/** esbuild's module as the core, whose exports are one object, or as a part: see src/late.ts. */
function filed(text, name, nameOf) {
  const renamed = (list, to) => list.replaceAll(/([\w$]+) as ([\w$]+)/g, to);
  const exports = /export\{([^}]*)\};\s*$/.exec(text);
  const given = renamed(exports[1], "$2:$1");
  let body = text.slice(0, exports.index);
  // What functions refer to is looked for among a module's exports one by one: a thousand would slow each one's first call.
  if (name === CORE) return `${body}export const core={${given}};export const late=core.lateParts(core,import.meta.url);\n`;
  let taken = "";
  for (let found; (found = /^\s*import(?:\{([^}]*)\}from)?"\.\/([^"]+)";/.exec(body)) !== null; ) {
    const [all, list, file] = found;
    if (list !== undefined) taken += `const{${renamed(list, "$1:$2")}}=take("${nameOf.get(file)}");`;
    body = body.slice(all.length);
  }
  // In parentheses it is compiled at once, not looked through first.
  return `"use strict";module.exports=(function(take){${taken}${body}return{${given}}});\n`;
}
