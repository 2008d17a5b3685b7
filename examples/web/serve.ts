// Serves the page: `npm run web -- [--port N] [--plain]`.
//
// The two headers isolate the page, and only an isolated page has shared memory and with it threads. With --plain they are
// left out, as on a server where one cannot set any: the page then works with one thread.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readOptions } from "../support/options.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** A server of the files below a folder. */
export function siteServer(folder: string, headers: Readonly<Record<string, string>> = ISOLATED): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    // Joined onto "/", no ".." leads out of the folder.
    const inside = path.posix.join("/", decoded(pathname), pathname.endsWith("/") ? "index.html" : "");
    const file = path.join(folder, inside);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
    } else if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404, headers).end("There is no such file.\n");
    } else {
      const type = TYPES[path.extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { ...headers, "content-type": type, "cache-control": "no-cache" });
      if (request.method === "HEAD") response.end();
      else createReadStream(file).pipe(response);
    }
  });
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname).replaceAll("\0", "");
  } catch {
    return pathname; // a stray per cent sign: it names no file of ours
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = readOptions("npm run web", {
    port: [8080, "where it listens; 0 for any that is free"],
    plain: [false, "without the headers that isolate a page: one thread"],
  });
  const folder = fileURLToPath(new URL("../../web", import.meta.url));
  if (!existsSync(folder)) throw new Error("the page is not built: `npm run web` does both");
  const server = siteServer(folder, option.plain ? {} : ISOLATED);
  server.listen(option.port, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    console.log(`http://localhost${port === 80 ? "" : `:${port}`}`);
  });
  server.on("error", (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
