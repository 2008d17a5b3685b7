// The service: digits over HTTP, read in batches.
//
//   POST /digit     a PNG file → what it is taken for (../support/requests.ts)
//   GET  /healthz   200 as long as the process can answer
//   GET  /readyz    200 if it takes requests, 503 when it is about to end
//   GET  /metrics   counts for Prometheus
//
// It takes no more than it can hold: beyond `maxQueue` requests under way the next is sent away with 503 and Retry-After.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { inflateSync } from "node:zlib";
import * as fl from "flambeau";
import { type Reading, readDigits } from "../support/classifier.ts";
import type { LeNet } from "../support/lenet.ts";
import { answerOf, checkHead, Decoder, Refusal, readBody, reasonOf, refusalOf } from "../support/requests.ts";
import { Batcher, type BatchOptions, LeftUndone } from "./batcher.ts";
import { Metrics } from "./metrics.ts";

export interface ServiceOptions extends BatchOptions {
  /** Requests under way at most: being received, decoded, waiting, read. */
  readonly maxQueue: number;
  /** Milliseconds that a client may take to send a request. */
  readonly patience: number;
  /** When the service ends: milliseconds in which it refuses requests with 503, so that who sends them learns of it. */
  readonly notice: number;
  /** … and milliseconds that those under way are given after that. */
  readonly grace: number;
}

export const DEFAULTS: ServiceOptions = {
  maxBatch: 32,
  maxWait: 2,
  maxAge: 5000,
  maxQueue: 256,
  patience: 10_000,
  notice: 0,
  grace: 10_000,
};

const MOST_PIXELS_AT_ONCE = 64 << 20;
const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]; // seconds
const SIZES = [1, 2, 4, 8, 16, 32, 64];

export class Service {
  readonly server: Server;
  readonly #options: ServiceOptions;
  readonly #metrics = new Metrics();
  readonly #batcher: Batcher<Float32Array, Reading>;
  readonly #decoder = new Decoder(MOST_PIXELS_AT_ONCE, inflated);
  readonly #answered = this.#metrics.counter(
    "digits_requests_total",
    "Requests by the status of the answer.",
    "status",
  );
  readonly #took = this.#metrics.histogram("digits_request_seconds", "From a request to its answer.", LATENCIES);
  readonly #together = this.#metrics.histogram("digits_batch_size", "Digits that were read together.", SIZES);
  #underWay = 0;
  #ending = false;

  constructor(model: LeNet, options: Partial<ServiceOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#batcher = new Batcher((digits: readonly Float32Array[]) => {
      this.#together(digits.length);
      return readDigits(model, digits);
    }, this.#options);
    this.#metrics.gauge("digits_queue_length", "Digits that wait to be read.", () => this.#batcher.length);
    this.#metrics.gauge("digits_requests_under_way", "Requests that are not answered yet.", () => this.#underWay);
    this.#metrics.gauge("process_resident_memory_bytes", "Memory of the process.", () => process.memoryUsage.rss());
    this.#metrics.gauge("flambeau_memory_bytes", "Memory of live tensors.", () => fl.memoryStats().allocated);
    const { patience } = this.#options;
    this.server = createServer({
      requestTimeout: patience, // Node itself answers 408
      headersTimeout: patience,
      connectionsCheckingInterval: patience / 4,
      keepAliveTimeout: 5000,
    });
    this.server.on("request", (request, response) => void this.#serve(request, response));
  }

  /** Takes no more requests, answers those under way, and is then gone; after `notice + grace` milliseconds in any case. */
  async end(): Promise<void> {
    this.#ending = true;
    await setTimeout(this.#options.notice);
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeIdleConnections();
    const patience = new AbortController();
    setTimeout(this.#options.grace, null, { signal: patience.signal })
      .then(() => this.server.closeAllConnections())
      .catch(() => {}); // all was answered before
    await closed;
    patience.abort();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.split("?")[0]!;
    if (request.method === "GET" && this.#tell(path, response)) return;
    const started = performance.now();
    this.#underWay++;
    try {
      this.#answer(response, 200, await this.#read(request, path));
    } catch (error) {
      if (request.socket.destroyed) return this.#answered("gone");
      const refusal = refusalOf(error instanceof LeftUndone ? busy("it would have taken too long") : error);
      this.#answer(response, refusal.status, reasonOf(refusal), refusal.headers);
    } finally {
      this.#underWay--;
      this.#took((performance.now() - started) / 1000);
    }
  }

  async #read(request: IncomingMessage, path: string): Promise<string> {
    const { method = "", headers } = request;
    checkHead(method, path, headers["content-type"] ?? null, headers["content-length"] ?? null);
    if (this.#ending) throw new Refusal(503, "ending", "this service is about to end", { "retry-after": "1" });
    if (this.#underWay > this.#options.maxQueue) throw busy("too many requests are under way");
    // A body that is given up half-way must leave the connection for the answer.
    const body = await readBody(request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>);
    const digit = await this.#decoder.digitIn(body);
    return answerOf(await this.#batcher.add(digit, () => !request.socket.destroyed));
  }

  #answer(
    response: ServerResponse,
    status: number,
    json: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.#answered(String(status));
    const body = `${json}\n`;
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      // Of a body that is too long the rest is not waited for; and a connection ends with the service.
      ...((status === 413 || this.#ending) && { connection: "close" }),
      ...headers,
    });
    response.end(body);
  }

  /** Answers what is asked about the service itself; false where it is nothing of that kind. */
  #tell(path: string, response: ServerResponse): boolean {
    const answers: Readonly<Record<string, () => [status: number, text: string]>> = {
      "/healthz": () => [200, "ok\n"],
      "/readyz": () => (this.#ending ? [503, "ending\n"] : [200, "ready\n"]),
      "/metrics": () => [200, this.#metrics.text()],
    };
    const [status, text] = answers[path]?.() ?? [];
    if (status === undefined) return false;
    response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
    return true;
  }
}

/** Node inflates small things at once in a tenth of the time that its streams take. */
async function* inflated(parts: readonly Uint8Array[], most: number): AsyncGenerator<Uint8Array> {
  yield inflateSync(Buffer.concat(parts), { maxOutputLength: most });
}

function busy(why: string): Refusal {
  return new Refusal(503, "busy", `${why}: try again`, { "retry-after": "1" });
}
