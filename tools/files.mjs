// What the steps of the build share.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The files below a folder of the project. */
export function files(folder) {
  const at = path.join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && !e.parentPath.includes("node_modules"))
    .map((e) => path.relative(root, path.join(e.parentPath, e.name)))
    .sort();
}

/** A hash of files, by name and content, and of `extra`. */
export function digest(names, extra) {
  const hash = createHash("sha256").update(extra);
  for (const name of names)
    hash
      .update(name)
      .update("\0")
      .update(readFileSync(path.join(root, name)))
      .update("\0");
  return hash.digest("hex");
}

/** Runs a program of Node in the project; ends this one if it fails. */
export function run(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${path.basename(script)} ${args.join(" ")} failed`)),
    );
  }).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
