// The library in one file for hosts that read it at every start: Node takes 130 ms over two hundred modules, 45 over one.
//
//   dist/joined.js      all of it
//   dist/joined/…       the entries by their own names, which give out what is theirs: one copy for all who import any
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./files.mjs";

/** The entries, and where the root has their names: at the top, or in a namespace. */
const ENTRIES = {
  "entry.node.js": "",
  "part.ops.js": "",
  "part.io.js": "",
  "part.nn.js": "nn",
  "part.functional.js": "nn.functional",
  "part.init.js": "nn.init",
  "part.optim.js": "optim",
  "part.lrScheduler.js": "optim.lrScheduler",
  "part.data.js": "utils.data",
  "data/worker.js": "",
};
/** What the root has no name for. */
const BESIDE = `export { attachMethods } from "./attach.js"; export * from "./data/worker.js";`;

export async function joinModules() {
  const dist = path.join(root, "dist");
  await build({
    stdin: { contents: `export * from "./entry.node.js"; ${BESIDE}`, resolveDir: dist },
    outfile: path.join(dist, "joined.js"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    minifyWhitespace: true, // a third is parsed faster
    lineLimit: 120, // for those who read stack traces
  });
  for (const [file, place] of Object.entries(ENTRIES)) {
    const names = Object.keys(await import(pathToFileURL(path.join(dist, file)).href));
    const at = path.join(dist, "joined", file);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, given(names, place, `${file.includes("/") ? "../" : ""}../joined.js`));
  }
}

/** A module that gives `names`, which `from` has at the top or in the namespace `place`. */
function given(names, place, from) {
  if (place === "") return `export { ${names.join(", ")} } from "${from}";\n`;
  const [first] = place.split(".");
  // Some names are words of the language (`delete`): they are bound under others.
  const bound = names.map((name, i) => `${name}: _${i}`).join(", ");
  const exported = names.map((name, i) => `_${i} as ${name}`).join(", ");
  return `import { ${first} } from "${from}";\nconst { ${bound} } = ${place};\nexport { ${exported} };\n`;
}
