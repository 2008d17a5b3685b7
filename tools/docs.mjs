// Writes docs/operators.md: every operator with its call and the first paragraph of its doc comment, from the sources.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = path.join(root, "src/ops");
const ops = await import(path.join(root, "dist/ops/index.js"));

const sections = [];
for (const file of readdirSync(folder).sort()) {
  if (file === "index.ts" || !file.endsWith(".ts")) continue;
  const text = readFileSync(path.join(folder, file), "utf8");
  const title = /^\/\/ (.+)/.exec(text)?.[1] ?? file;
  const rows = [...text.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export (?:const|function) (\w+)/g)]
    .filter(([, , name]) => ops[name]?.opName !== undefined)
    .map(([, comment, name]) => `| \`${call(name)}\` | ${summary(comment ?? "")} |`);
  if (rows.length > 0)
    sections.push(
      `## ${title.replace(/\.$/, "")}\n\n\`src/ops/${file}\`\n\n| call | what it computes |\n|---|---|\n${rows.join("\n")}`,
    );
}
writeFileSync(
  path.join(root, "docs/operators.md"),
  `# Operators\n\nWritten by \`npm run docs\` from the declarations. Each is a function of the package and, where the first argument is a\ntensor, a method: \`fl.sum(x, 1)\`, \`x.sum(1)\`. Optional arguments go by position or by name in one trailing object.\n\n${sections.join("\n\n")}\n`,
);

function call(name) {
  const signature = ops[name].operator?.signature;
  return signature === undefined ? name : `${name}(${signature})`;
}

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
