// The project's own sources, as text, for the tests of the house.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

export interface Source {
  /** From the root, with forward slashes: `src/core/dtype.ts`. */
  readonly file: string;
  readonly text: string;
}

/** The files below `folder` whose names end in one of `endings`; none where the folder is not there. */
export function sourcesOf(folder: string, endings: readonly string[] = [".ts"]): Source[] {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((f) => endings.some((ending) => f.endsWith(ending)) && !/(^|[/\\])(node_modules|fixtures)[/\\]/.test(f))
    .map((f) => path.posix.join(folder, f.replaceAll("\\", "/")))
    .sort()
    .map((file) => ({ file, text: readFileSync(path.join(root, file), "utf8") }));
}

/** The text without comments, line for line: what stands in a comment is no code. Strings that hold `//` keep it. */
export function withoutComments(text: string): string {
  return text.replace(/("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (match, string) =>
    string === undefined ? match.replace(/[^\n]/g, "") : match,
  );
}

export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** What a module imports or re-exports, statically or not. */
export function importsOf({ text }: Source): Import[] {
  const statement =
    /\b(import|export)\s+(type\s)?(?:[^;"'()]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;
  return [...withoutComments(text).matchAll(statement)].map(([, , type, specifier, dynamic]) => ({
    specifier: (specifier ?? dynamic)!,
    typeOnly: type !== undefined,
  }));
}
