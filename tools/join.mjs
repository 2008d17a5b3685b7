// The library for hosts that read and parse it at every start: two hundred modules take Node 130 ms, one file 65, and one
// that leaves for later what a program may do without, 40.
//
//   dist/joined.js      what every program needs: tensors, operators, the CPU
//   dist/joined/*.cjs   the rest, by parts: each is read when something of it is first asked for (src/late.ts)
//   dist/joined/*.js    the entries by their own names, which give out what is theirs: one copy for all who import any
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build, transform } from "esbuild";
import { root } from "./files.mjs";

const dist = path.join(root, "dist");
const CORE = "joined.js";
/** The rarer operators by their names at the root, and the file that they are in with what other parts need of them. */
const OPERATORS = "operators.cjs";
const RARER = "rare.cjs";
/** A third is parsed faster without white space; the lines are for those who read stack traces. */
const SHAPE = { platform: "node", target: "es2022", minifyWhitespace: true, lineLimit: 120 };

/** The files of src/ops whose operators many programs do without: these are one late part. */
const RARE = `
  attention avgpool bilinear conv convtranspose copies ctc decompositions difference distance einsum erfinv fades fractional
  gamma gradient gridsample histogram interpolate intmm length marginloss maxpool numeric resize rrelu shuffle statistics
  unique`
  .trim()
  .split(/\s+/);
/** The other late parts: what each exports, and from where. */
const PARTS = {
  spaces: {
    "* as autograd": "./autograd.js",
    "* as linalg": "./linalg.js",
    "* as masked": "./ops/masked.js",
    "* as special": "./ops/special.js",
  },
  nn: { "* as nn": "./nn/index.js", "{ deepcopy }": "./nn/deepcopy.js" },
  optim: { "* as optim": "./optim/index.js" },
  io: { "{ load, numpy, safetensors, save }": "./io/index.js" },
  utils: { "* as utils": "./utils.js", "{ serve }": "./data/worker.js" },
  distributions: { "* as distributions": "./distributions/index.js" },
};
/** The entries whose names are not the root's, and where those are. */
const ENTRIES = {
  "part.nn.js": 'late.part("nn.cjs").nn',
  "part.functional.js": 'late.part("nn.cjs").nn.functional',
  "part.init.js": 'late.part("nn.cjs").nn.init',
  "part.optim.js": 'late.part("optim.cjs").optim',
  "part.lrScheduler.js": 'late.part("optim.cjs").optim.lrScheduler',
  "part.data.js": 'late.part("utils.cjs").utils.data',
};

export async function joinModules() {
  const all = await modules("entry.node.js");
  const rare = (await Promise.all(RARE.map((file) => modules(`ops/${file}.js`)))).flatMap(Object.keys);
  const late = [
    ...Object.entries(PARTS).flatMap(([part, lists]) => namesIn(lists).map((name) => [name, part])),
    ...rare.map((name) => [name, "operators"]),
  ].filter(([name]) => name in all);
  const early = Object.keys(all).filter((name) => !late.some(([other]) => other === name));
  const methods = rare.filter((name) => name in all.Tensor.prototype);
  const parts = { operators: RARE.map((file) => `export * from "./ops/${file}.js";`).join(" ") };
  for (const [part, lists] of Object.entries(PARTS))
    parts[part] = Object.entries(lists)
      .map(([list, file]) => `export ${list} from "${file}";`)
      .join(" ");

  mkdirSync(path.join(dist, "joined/data"), { recursive: true });
  const write = (file, text) => writeFileSync(path.join(dist, file === CORE ? file : `joined/${file}`), text);
  for (const [file, text] of await cut(await coreOf(early), parts, methods)) write(file, text);
  const standIns = late.map(([name, part]) => {
    const [kind, ...keys] = typeof all[name] === "function" ? ["callable"] : ["namespace", Object.keys(all[name])];
    return `export const ${name} = late.${kind}(${[`${part}.cjs`, name, ...keys].map((x) => JSON.stringify(x))});\n`;
  });
  write("entry.node.js", given(early, "core.root") + standIns.join(""));
  for (const file of ["part.ops.js", "part.io.js"]) {
    const [ofRoot, beside] = [[], []];
    for (const name of Object.keys(await modules(file))) (name in all ? ofRoot : beside).push(name);
    const other = beside.length > 0 ? given(beside, "core.root") : "";
    write(file, `export { ${ofRoot.join(", ")} } from "./entry.node.js";\n${other}`);
  }
  for (const [file, place] of Object.entries(ENTRIES)) write(file, given(Object.keys(await modules(file)), place));
  write(
    "data/worker.js",
    `import { late } from "../../joined.js";\nexport const { serve } = late.part("utils.cjs");\n`,
  );
}

/** Of "* as a" and "{ b, c }": a, b, c. */
const namesIn = (lists) => Object.keys(lists).flatMap((list) => list.match(/\w+(?=,| }|$)/g));

const modules = (file) => import(pathToFileURL(path.join(dist, file)).href);

/** A module that exports `names` of what is at `place`. Some are words of the language (`delete`): they are bound as others. */
function given(names, place) {
  const bound = names.map((name, i) => `${name}: _${i}`).join(", ");
  const exported = names.map((name, i) => `_${i} as ${name}`).join(", ");
  return `import { core, late } from "../joined.js";\nconst { ${bound} } = ${place};\nexport { ${exported} };\n`;
}

/**
 * What there is from the start, by its names at the root: plain properties, as a bundled namespace is all getters, and a
 * thousand of those take milliseconds. The operators become methods, as in src/index.ts. Each name comes from its own file,
 * as a file that gives out many would bring all of them.
 */
async function coreOf(early) {
  const common = readFileSync(path.join(dist, "ops/index.js"), "utf8").matchAll(/"\.\/(\w+)\.js"/g);
  const files = [...common].map(([, file]) => file).filter((file) => !RARE.includes(file));
  const api = await modules("api.js");
  const imports = [];
  const entries = { operators: [], root: [] };
  for (const file of [...files.map((file) => `ops/${file}.js`), "api.js"]) {
    const all = Object.keys(await modules(file));
    const local = (name) => `${path.basename(file, ".js")}_${name}`;
    imports.push(`import { ${all.map((name) => `${name} as ${local(name)}`)} } from "./${file}";`);
    const isOperators = file !== "api.js";
    if (isOperators) entries.operators.push(...all.map((name) => `${name}: ${local(name)}`));
    // Names that both have are methods, and dtypes at the root: see src/functions.ts.
    const atRoot = all.filter((name) => early.includes(name) && !(isOperators && name in api));
    entries.root.push(...atRoot.map((name) => `${name}: ${local(name)}`));
  }
  return `
    import "./host.node.js";
    import { attachMethods } from "./attach.js";
    import * as signal from "./signal.js";
    ${imports.join("\n")}
    attachMethods({ ${entries.operators} });
    export { lateParts } from "./late.js";
    export const root = { attachMethods, signal, ${entries.root} };`;
}

/** The files of the core and of the parts: name and text. */
async function cut(core, parts, methods) {
  const sources = new Map([["core", core]]);
  // What is rare is read before the modules: else what both need would be files of its own.
  const before = (part) => (part === "operators" ? `import "core";` : `import "core"; import "operators";`);
  for (const [part, text] of Object.entries(parts)) sources.set(part, `${before(part)} ${text}`);
  const { outputFiles, metafile } = await build({
    ...SHAPE,
    absWorkingDir: root,
    entryPoints: [...sources.keys()],
    outdir: dist,
    write: false,
    bundle: true,
    splitting: true,
    metafile: true,
    format: "esm",
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
    const has = (input) => `dist/${input}` in inputs;
    const shared = has("host.node.js") ? CORE : has("ops/conv.js") ? RARER : `shared${nameOf.size}.cjs`;
    nameOf.set(path.basename(file), sources.has(base) ? `${base}.cjs` : shared);
  }
  const files = outputFiles.map(({ path: file, text }) => [nameOf.get(path.basename(file)), text]);
  const needed = files.filter(([name, text]) => name !== "core.cjs" && text !== "");
  const filed = (name, text) => (name === CORE ? early(text, methods) : late(name, text, nameOf));
  return Promise.all(needed.map(async ([name, text]) => [name, await filed(name, text)]));
}

/** The core: its exports are one object. What a function refers to is looked for among a module's exports one by one. */
function early(text, methods) {
  const { body, exports } = parsed(text);
  return `${body}export const core={${renamed(exports, "$2:$1")}};export const late=core.lateParts(core,"${CORE}",import.meta.url);
late.methods("${OPERATORS}",${JSON.stringify(methods)});\n`;
}

/**
 * A part as src/late.ts takes it: what it imports are constants of it, but rare operators it asks for where it uses them. By
 * then they are known by their names at the root, too: it is given the functions that stand there.
 */
async function late(part, text, nameOf) {
  const { imports, body, exports } = parsed(text);
  let constants = "";
  let rare;
  for (const { names, file } of imports) {
    if (nameOf.get(file) === RARER && part !== OPERATORS) rare = { names, file };
    else constants += `const{${renamed(names, "$1:$2")}}=_from("${nameOf.get(file)}");`;
  }
  // In parentheses it is compiled at once, not looked through first.
  const filed = (code) => `"use strict";module.exports=(function(_from,_later){${constants}${code}});\n`;
  if (rare === undefined) return filed(`${body}return{${renamed(exports, "$2:$1")}}`);
  const module = `import{${rare.names}}from"rare";${body}export{${exports}};`;
  const { code } = await transform(module, { ...SHAPE, format: "cjs" });
  const keys = renamed(rare.names, "$1")
    .split(",")
    .map((name) => name.trim());
  const asked = code.replace(
    'require("rare")',
    `_later(()=>(_from("${OPERATORS}"),_from("${RARER}")),${JSON.stringify(keys)})`,
  );
  return filed(`const module={};${asked}return module.exports`);
}

/** A module of esbuild's: the lists of names that it imports from others, its body, the list that it exports. */
function parsed(text) {
  const imports = [];
  let start = 0;
  for (const [all, names, file] of text.matchAll(/\s*import(?:\{([^}]*)\}from)?"\.\/([^"]+)";/gy)) {
    if (names !== undefined) imports.push({ names, file });
    start += all.length;
  }
  const { index, 1: exports } = /export\{([^}]*)\};\s*$/.exec(text);
  return { imports, body: text.slice(start, index), exports };
}

const renamed = (list, to) => list.replaceAll(/([\w$]+) as ([\w$]+)/g, to);
