// The service worker: puts every file of the page by when it is installed, and answers from there, network or none.
//
// It also adds the headers that isolate a page, without which there are no threads. So any server of files will do: from
// the second visit on, the page has threads there too.

/** What the build writes before this: the files, and a name that changes with any of them. */
declare const SITE: { readonly version: string; readonly files: readonly string[] };

// What a service worker has beyond a page, as far as it is used here.
interface Lasting extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface Fetching extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}
const scope = self as unknown as Scope;
const PREFIX = "flambeau-site-";
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(PREFIX + SITE.version).then((cache) => cache.addAll([...SITE.files])));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([dropOlder(), scope.clients.claim()]));
});

scope.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && new URL(event.request.url).origin === location.origin) {
    event.respondWith(answer(event.request));
  }
});

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(PREFIX + SITE.version);
  const { status, statusText, headers, body } =
    (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) ?? (await fetch(request));
  return new Response(body, { status, statusText, headers: { ...Object.fromEntries(headers), ...ISOLATED } });
}

async function dropOlder(): Promise<void> {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + SITE.version);
  await Promise.all(older.map((name) => caches.delete(name)));
}

export {};
