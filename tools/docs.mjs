// Writes docs/operators.md and docs/modules.md: every public function and class with its arguments and the first paragraph of
// its doc comment, a section a source file, from the sources and what the built package exports.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const library = await import(path.join(root, "dist/index.js"));

const NAMESPACES = {
  "nn.functional": library.nn.functional,
  linalg: library.linalg,
  fft: library.fft,
  special: library.special,
  masked: library.masked,
  "signal.windows": library.signal?.windows,
};

writeFileSync(
  path.join(root, "docs/operators.md"),
  `# Operators

Written by \`npm run docs\` from the declarations. Optional arguments (\`?\`) go by position or by name in one trailing object,
those behind \`*\` by name alone. A name is a function of the package, \`fl.sum(x, 1)\`, or of the namespaces that stand beside
it, and where *method* does, \`x.sum(1)\` too.

${await sectionsOf("src/ops", operatorRows)}
`,
);

writeFileSync(
  path.join(root, "docs/modules.md"),
  `Written by \`npm run docs\` from the sources. Optional arguments (\`?\`) go by position or by name in one trailing object, those
behind \`*\` by name alone.

# Modules

${await sectionsOf("src/nn", (file) => classRows(file, library.nn, "nn"))}

# Optimizers and schedulers

${await sectionsOf("src/optim", (file) => [
  ...classRows(file, library.optim, "optim"),
  ...classRows(file, library.optim.lrScheduler, "optim.lrScheduler"),
])}

# Data

${await sectionsOf("src/data", (file) => classRows(file, library.utils.data, "utils.data"))}
`,
);

/** A section for each file of the folder that has rows: its header as title and text, then a table. */
async function sectionsOf(folder, rowsOf) {
  const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith(".ts") && name !== "index.ts");
  const sections = [];
  for (const name of names.sort()) {
    const text = readFileSync(path.join(root, folder, name), "utf8");
    const exported = await import(path.join(root, folder.replace("src", "dist"), name.replace(/ts$/, "js")));
    const rows = rowsOf({ text, exported });
    if (rows.length === 0) continue;
    const { title, about } = header(text, name);
    const link = `[\`${folder}/${name}\`](../${folder}/${name})`;
    sections.push([`## ${title}`, about, link, rows.join("\n")].filter((part) => part !== "").join("\n\n"));
  }
  return sections.join("\n\n");
}

/** The first sentence of a file's first comment up to a colon, and the paragraph where it says more. */
function header(text, name) {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("// "));
  const paragraph = lines
    .slice(0, end)
    .map((line) => line.slice(3))
    .join(" ");
  if (paragraph === "") return { title: name[0].toUpperCase() + name.slice(1, -".ts".length), about: "" };
  const title = /^(.+?)(?:[:.](?:\s|$)|$)/.exec(paragraph)[1];
  return { title, about: paragraph.replace(/\.$/, "") === title ? "" : paragraph };
}

/** The exports of a file's text: name, doc comment, and the text of the declaration. */
function* declarations(text) {
  const found = [
    ...text.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export (?:abstract )?(?:const|function|class) (\w+)/g),
  ];
  for (const [i, match] of found.entries()) {
    const body = text.slice(match.index + (match[1]?.length ?? 0), found[i + 1]?.index);
    yield { name: match[2], comment: match[1] ?? "", body };
  }
}

function operatorRows({ text, exported }) {
  const all = [...declarations(text)].filter(({ name, comment }) => {
    const value = exported[name];
    if (typeof value !== "function" || comment.includes("@internal")) return false;
    const isPublic = "opName" in value || (library[name] === value && comment !== "");
    return isPublic || namespacesOf(name, value).length > 0;
  });
  const names = new Set(all.map(({ name }) => name));
  const rows = all
    .filter(({ name }) => !(name.endsWith("_") && names.has(name.slice(0, -1)))) // stands beside its base
    .map(({ name, comment, body }) => {
      const signature =
        exported[name].operator?.signature ?? /"((?:\w+\??|\*)(?:, (?:\w+\??|\*))+|input)"/.exec(body)?.[1];
      const call = signature === undefined ? name : `${name}(${signature})`;
      const places = namespacesOf(name, exported[name]);
      if (name in library.Tensor.prototype) places.unshift("method");
      if (names.has(`${name}_`)) places.push(`in place \`${name}_\``);
      const original = new RegExp(`export const ${name}: [^=]+= (\\w+);`).exec(body)?.[1];
      const what = summary(comment) || (original === undefined ? "" : `\`${original}\` by another name.`);
      return `| \`${call}\` | ${places.join(", ")} | ${what} |`;
    });
  return rows.length === 0 ? [] : ["| | | what it computes |\n|---|---|---|", ...rows];
}

/** The namespaces that have a function, with its name there where that is another. */
function namespacesOf(name, value) {
  return Object.entries(NAMESPACES).flatMap(([namespace, members]) => {
    const keys = Object.keys(members ?? {}).filter((key) => members[key] === value);
    return keys.map((key) => (key === name ? namespace : `${namespace}.${key}`));
  });
}

function classRows({ text }, namespace, place) {
  const classes = [...declarations(text)].filter(
    ({ name }) => /^[A-Z]/.test(name) && typeof namespace[name] === "function",
  );
  if (classes.length === 0) return [];
  return [
    "| | what it does |\n|---|---|",
    ...classes.map(({ name, comment }) => {
      return `| \`${place}.${name}(${constructorArguments(text, name) ?? "…"})\` | ${summary(comment)} |`;
    }),
  ];
}

/** The names that a class, or its base in the same file, binds its arguments by; undefined where none are found. */
function constructorArguments(text, name) {
  const declared = new RegExp(`class ${name}\\b(?:<[^{]*?>)?(?: extends (\\w+))?[\\s\\S]*?\\n}\\n`).exec(text);
  if (declared === null) return undefined;
  const [body, base] = declared;
  const constructor = /\n {2}constructor\(([\s\S]*?)\n {2}\}/.exec(body)?.[1];
  if (constructor === undefined) return base === "Module" || base === "Layer" ? "" : constructorArguments(text, base);
  const binder = /\b(bind\w*)\(/.exec(constructor)?.[1];
  const names = new RegExp(`const ${binder} = [^(]*\\(\\s*"\\w+",\\s*("[^"]*"|\`[^\`]*\`|[A-Z]\\w+)`).exec(text)?.[1];
  return names === undefined ? undefined : literal(text, names);
}

/** The text of a string literal, of a constant that holds one, or of a template of those. */
function literal(text, source) {
  if (source.startsWith('"')) return source.slice(1, -1);
  if (source.startsWith("`")) return source.slice(1, -1).replace(/\$\{(\w+)\}/g, (_, name) => literal(text, name));
  return literal(text, new RegExp(`const ${source} =\\s*("[^"]*"|\`[^\`]*\`)`).exec(text)?.[1] ?? `"${source}"`);
}

/** The first paragraph of a doc comment, in one line of a table. */
function summary(comment) {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trim());
  const end = lines.findIndex((line, i) => i > 0 && line === "" && lines.slice(0, i).some((l) => l !== ""));
  return lines
    .slice(0, end < 0 ? undefined : end)
    .filter((line) => !line.startsWith("@"))
    .join(" ")
    .trim()
    .replaceAll("|", "\\|");
}
