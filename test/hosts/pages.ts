// A plain server of texts and files, with the headers that a page may come with; and what its pages do.
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
// What a strict page may forbid: any worker. (Compiling WebAssembly must be allowed where there is a policy for scripts.)
const STRICT = { ...ISOLATED, "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'" };
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: ISOLATED,
  strict: STRICT,
};

/** A program that leaves its answer where ANSWERED finds it. */
export const PROGRAM = `import { smoke } from "./smoke.js"; globalThis.answer = await smoke();`;

/** For a page that runs PROGRAM: waits for the answer. */
export const ANSWERED = `new Promise((resolve) => {
  const look = () => "answer" in globalThis ? resolve(globalThis.answer) : setTimeout(look, 20);
  look();
})`;

export interface Server {
  readonly url: string;
  close(): void;
}

/** Answers `/KIND/FILE`, with the headers of the kind: a text, or a file below `root`. */
export async function serve(root: string, texts: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const [, kind = "", name = ""] = /^\/(\w+)\/([^?]*)/.exec(request.url ?? "") ?? [];
    const file = path.join(root, path.posix.join("/", name));
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile();
    const text = texts[name] ?? (isFile ? readFileSync(file, "utf8") : null);
    response.writeHead(text === null ? 404 : 200, {
      ...HEADERS[kind],
      "content-type": name.endsWith(".html") ? "text/html" : "text/javascript",
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
