// Browsers: pages and workers. The kernels are JavaScript modules with the bytes as base64, because that is what every
// bundler carries without being told; only the build that this host can run is loaded. They are compiled before the import
// of the library ends: a page's main thread may compile big modules only asynchronously.

import { chooseKernels, flavourOf, registerCpu } from "./cpu/index.ts";
import { type Flavour, type Host, type Peer, setHost, type Worker, type WorkerSeed } from "./device/index.ts";

/** Runs in each thread; `work` returns only when the pool ends. */
const THREAD = `onmessage = ({ data: { module, memory, number, arena } }) => {
  const abort = () => { throw new Error('a kernel stopped itself') };
  const { enter, work } = new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
  enter(number, arena);
  work();
  close();
}`;

/** Runs in a peer. What is posted before the library is there waits for it, in order. */
const PEER = `onmessage = ({ data: { library, module } }) => {
  const serving = import(library).then(async ({ setNumThreads }) => {
    setNumThreads(1);
    return (await import(module)).serve((message, transfer) => postMessage(message, transfer));
  });
  serving.catch((error) => setTimeout(() => { throw error; })); // a rejection alone would not reach the page
  onmessage = async ({ data }) => (await serving)(data);
}`;

const why =
  typeof SharedArrayBuffer === "undefined"
    ? "no SharedArrayBuffer here: the page is not cross-origin isolated"
    : typeof globalThis.Worker === "undefined"
      ? "no Worker here"
      : null;

const host: Omit<Host, "module"> = {
  name: hostName(),
  threads: navigator.hardwareConcurrency ?? 1,
  spawn: why === null ? spawn : null,
  ...(why !== null && { why }),
  peer,
  env: () => undefined,
  warn: (message: string) => console.warn(message),
};

const { relaxed, threads } = chooseKernels(host);
const kernels = await (relaxed ? import("./wasm/relaxed.js") : import("./wasm/simd.js"));
const expected = flavourOf(relaxed, threads);
const compiled = await WebAssembly.compile(bytesOf(expected));

const whole: Host = {
  ...host,
  // Another one is asked for where the host has shared memory by name and gives none.
  module: (flavour) => (flavour === expected ? compiled : new WebAssembly.Module(bytesOf(flavour))),
};
setHost(whole);
registerCpu(whole);

export * from "./library.ts";

function bytesOf(flavour: Flavour): Uint8Array<ArrayBuffer> {
  const text = atob(kernels.base64);
  const bytes = new Uint8Array(text.length);
  // A plain loop: Uint8Array.from with a function takes twenty times as long.
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  if (flavour.endsWith("threads")) bytes[kernels.limits] = 3;
  return bytes;
}

const sources = new Map<string, string>();

/** The address of a script that is a text. */
function addressOf(text: string): string {
  let address = sources.get(text);
  if (address === undefined) {
    address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    sources.set(text, address);
  }
  return address;
}

/** A worker from a Blob needs no file beside the library, so it too passes through every bundler. It ends with the page. */
function spawn(seed: WorkerSeed): Worker {
  const thread = new globalThis.Worker(addressOf(THREAD), { name: `flambeau ${seed.number}` });
  const worker: Worker = { onexit: null, terminate: () => thread.terminate() };
  thread.onerror = (event) => {
    event.preventDefault(); // the pool says what there is to say
    worker.onexit?.(!(event instanceof ErrorEvent)); // an error without a message: its script was not loaded
  };
  thread.postMessage(seed);
  (thread as { unref?(): void }).unref?.(); // hosts with processes have it
  return worker;
}

function peer(module: string): Peer {
  if (typeof globalThis.Worker === "undefined") throw new TypeError("no Worker here");
  const library = import.meta.url;
  if (!/\/entry\.browser\.[jt]s$/.test(library)) {
    throw new TypeError("a bundled library has no files that a thread could import: keep flambeau external");
  }
  const thread = new globalThis.Worker(addressOf(PEER), { type: "module" });
  const self: Peer = {
    onmessage: null,
    onexit: null,
    post: (message) => thread.postMessage(message),
    hold: () => {}, // a page does not end by itself
    terminate: () => thread.terminate(),
  };
  thread.onmessage = ({ data }) => self.onmessage?.(data);
  thread.onerror = (event) => {
    event.preventDefault();
    self.onexit?.(event instanceof ErrorEvent ? event.message : "its script was not loaded");
  };
  thread.postMessage({ library, module: library.replace(/[^/]*$/, module) });
  return self;
}

/** "chrome 156" */
function hostName(): string {
  const [, name, version] = /(Firefox|Chrome|Version)\/(\d+)/.exec(navigator.userAgent) ?? [];
  return name === undefined ? "browser" : `${name === "Version" ? "safari" : name.toLowerCase()} ${version}`;
}
