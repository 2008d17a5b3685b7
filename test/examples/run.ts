// Runs an example in its short form, as its test does, and gives back what it printed and the report that it wrote.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export function runExample(name: string, options: readonly string[]): { text: string; report: string } {
  const script = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
  const out = mkdtempSync(path.join(tmpdir(), `flambeau-${name}-`));
  try {
    const text = execFileSync(process.execPath, [script, ...options, "--out", out], { encoding: "utf8" });
    return { text, report: readFileSync(path.join(out, "report.html"), "utf8") };
  } finally {
    rmSync(out, { recursive: true });
  }
}
