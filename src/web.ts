// What pages and workers of browsers have in common, however the kernels came to them.

import { THREAD } from "./cpu/index.ts";
import { type Flavour, filesOfPeer, type Host, type Peer, type Worker, type WorkerSeed } from "./device/index.ts";

/** The build of one instruction set, as tools/build.mjs writes it. */
export interface Kernels {
  /** Where the bytes say whether the memory is shared: 1 as they are, 3 for the build with threads. */
  readonly limits: number;
  readonly base64: string;
}

export function bytesOf({ base64, limits }: Kernels, flavour: Flavour): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  // A plain loop: Uint8Array.from with a function takes twenty times as long.
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  if (flavour.endsWith("threads")) bytes[limits] = 3;
  return bytes;
}

const SCRIPT = `onmessage = ({ data }) => { (${THREAD})(data); close(); }`;

/** Runs in a peer. What is posted before the library is there waits for it, in order. */
const PEER = `onmessage = ({ data: { library, module } }) => {
  const serving = import(library).then(async ({ setNumThreads }) => {
    setNumThreads(1);
    return (await import(module)).serve((message, transfer) => postMessage(message, transfer));
  });
  serving.catch((error) => setTimeout(() => { throw error; })); // a rejection alone would not reach the page
  onmessage = async ({ data }) => (await serving)(data);
}`;

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
  const thread = new globalThis.Worker(addressOf(SCRIPT), { name: `flambeau ${seed.number}` });
  const worker: Worker = { onexit: null, terminate: () => thread.terminate() };
  thread.onerror = (event) => {
    event.preventDefault(); // the pool says what there is to say
    worker.onexit?.(!(event instanceof ErrorEvent)); // an error without a message: its script was not loaded
  };
  thread.postMessage(seed);
  (thread as { unref?(): void }).unref?.(); // hosts with processes have it
  return worker;
}

function peer(url: string, module: string): Peer {
  if (typeof globalThis.Worker === "undefined") throw new TypeError("no Worker here");
  // webpack writes down where it read the file: that is no address here.
  const here = url.startsWith("file:") && globalThis.location?.protocol !== "file:" ? "" : url;
  const files = filesOfPeer(here, module);
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
  thread.postMessage(files);
  return self;
}

/** This page or worker. `url` is where the file of its host lies. */
export function webHost(url: string): Omit<Host, "module"> {
  const why =
    typeof SharedArrayBuffer === "undefined"
      ? "no SharedArrayBuffer here: the page is not cross-origin isolated"
      : typeof globalThis.Worker === "undefined"
        ? "no Worker here"
        : null;
  const { hardwareConcurrency = 1, userAgent = "" } = globalThis.navigator ?? {}; // no host of this kind lacks it but Node 20
  return {
    name: hostName(userAgent),
    threads: hardwareConcurrency,
    spawn: why === null ? spawn : null,
    ...(why !== null && { why }),
    peer: (module) => peer(url, module),
    env: () => undefined,
    warn: (message: string) => console.warn(message),
  };
}

/** "chrome 156" */
function hostName(userAgent: string): string {
  const [, name, version] = /(Firefox|Chrome|Version)\/(\d+)/.exec(userAgent) ?? [];
  return name === undefined ? "browser" : `${name === "Version" ? "safari" : name.toLowerCase()} ${version}`;
}
