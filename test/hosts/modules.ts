// The library and the smoke program for hosts that resolve no packages: the package's name is replaced by the place of a
// file, as a rule of the entry that the host's condition chooses from the export map.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../house/sources.ts";

/** The entry of a condition: "dist/entry.browser.js". */
export function entryOf(condition: string, subpath = "."): string {
  const { exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return path.posix.normalize(exports[subpath][condition]);
}

/** The smoke program where the library is one folder below it. */
export function smokeFor(condition: string): string {
  return smokeOf(entryOf(condition));
}

/** The smoke program with the library in a worker. */
export function remoteFor(condition: string): string {
  const text = readFileSync(new URL("remote.js", import.meta.url), "utf8");
  return text.replace('"flambeau/worker"', `"./${entryOf(condition, "./worker")}"`);
}

/** The smoke program over a file of the project, which is one folder above. */
export function smokeOf(file: string): string {
  return SMOKE.replace('"flambeau"', `"./${file}"`);
}

/** The smoke program as a script that finds the library in the global `flambeau`. */
export function smokeScript(): string {
  return SMOKE.replace('import * as fl from "flambeau";', "const fl = flambeau;").replace("export async", "async");
}

/** What the library consists of in `dist`, without the entries of other hosts and without kernels. */
export function libraryFor(condition: string): string[] {
  const mine = entryOf(condition);
  const others = /^dist\/(entry\.|host\.|part\.|web\.|joined|index\.|worker\.|flambeau\.)/;
  return readdirSync(path.join(root, "dist"), { recursive: true, encoding: "utf8" })
    .map((file) => `dist/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".js") && !file.includes("/wasm/"))
    .filter((file) => !others.test(file) || file === mine || file === mine.replace("entry", "host"));
}

const SMOKE = readFileSync(new URL("smoke.js", import.meta.url), "utf8");
