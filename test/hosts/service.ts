// What a service that reads digits must answer, wherever it runs.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import path from "node:path";
import { json } from "node:stream/consumers";
import { deflateSync } from "node:zlib";
import * as assert from "uvu/assert";
import { readMnist } from "../../examples/support/mnist.ts";
import { greyPng, pngOf, writePng } from "../../examples/support/pngwriter.ts";
import { MOST_BYTES, PATH } from "../../examples/support/requests.ts";

const mnist = await readMnist("t10k");
const labels = mnist.targets.tolist() as number[];

/** A digit of the test set as a PNG file, and what it is. */
export function sample(i: number): { readonly png: Uint8Array; readonly label: number } {
  const pixels = mnist.data.at(i).dataSync() as Uint8Array;
  // Half of them as a person would send them: dark on light, twice as large, in colour, interlaced.
  const png =
    i % 2 === 0
      ? greyPng(pixels, 28, 28)
      : writePng(56, 56, { colour: 2, depth: 8, interlaced: true, filter: () => 4 }, (x, y) => {
          const v = 255 - pixels[(y >> 1) * 28 + (x >> 1)]!;
          return [v, v, v];
        });
  return { png, label: labels[i]! };
}

export interface Answer {
  readonly status: number;
  readonly json: {
    readonly digit?: number;
    readonly confidence?: number;
    readonly probabilities?: readonly number[];
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** Over a connection of its own: one that is kept may be closed by the other side in the moment when it is used. */
export async function post(
  url: string,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const type = { "content-type": "image/png", "content-length": String(Buffer.byteLength(body)) };
  const sent = request(url + PATH, { method: "POST", agent: false, headers: { ...type, ...headers } }).end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  assert.is(response.headers["content-type"], "application/json");
  return { status: response.statusCode!, json: (await json(response)) as Answer["json"] };
}

/** A good answer to a digit. */
export async function readsDigits(url: string, count: number): Promise<void> {
  let right = 0;
  for (let i = 0; i < count; i++) {
    const { png, label } = sample(i);
    const { status, json } = await post(url, png);
    assert.is(status, 200, JSON.stringify(json));
    assert.is(json.probabilities!.length, 10);
    assert.ok(Math.abs(json.probabilities!.reduce((a, b) => a + b) - 1) < 1e-4);
    assert.is(json.probabilities![json.digit!], json.confidence);
    right += Number(json.digit === label);
  }
  assert.ok(right / count > 0.97, `${right} of ${count} digits`);
}

const header = (width: number, height: number): readonly [string, Uint8Array] => [
  "IHDR",
  Uint8Array.of(
    ...[width, height].flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]),
    8,
    0,
    0,
    0,
    0,
  ),
];
const END = ["IEND", new Uint8Array(0)] as const;

/** Requests that are refused: what is wrong, the body, the status and the word. */
export const BAD: readonly (readonly [what: string, body: Uint8Array | string, status: number, code: string])[] = [
  ["nothing", "", 400, "empty"],
  ["a text", "seven", 415, "unsupported"],
  ["half a picture", sample(0).png.subarray(0, 100), 400, "damaged"],
  ["an empty sheet", greyPng(new Uint8Array(784), 28, 28), 422, "blank"],
  ["a picture of a wall", pngOf([header(60_000, 60_000), END]), 413, "too-large"],
  ["a bomb", pngOf([header(28, 28), ["IDAT", deflateSync(new Uint8Array(1 << 26))], END]), 400, "damaged"],
  ["a longer body than anybody needs", new Uint8Array(MOST_BYTES + 1), 413, "too-large"],
];

/** Every bad request is answered with its reason, and a good one after it as ever. */
export async function refusesTheRest(url: string): Promise<void> {
  for (const [what, body, expected, code] of BAD) {
    const { status, json } = await post(url, body);
    assert.is(status, expected, `${what}: ${JSON.stringify(json)}`);
    assert.is(json.error!.code, code);
    assert.ok(json.error!.message.length > 10);
  }
  assert.is((await post(url, "…", { "content-type": "text/plain" })).status, 415);
  const elsewhere = await fetch(`${url}/elsewhere`, { method: "POST" });
  assert.is(elsewhere.status, 404);
  const got = await fetch(url + PATH);
  assert.equal([got.status, got.headers.get("allow")], [405, "POST"]);
  // Of a length that is not said before.
  const streamed = await fetch(url + PATH, {
    method: "POST",
    headers: { "content-type": "image/png" },
    body: new Blob([new Uint8Array(4 * MOST_BYTES)]).stream(),
    duplex: "half",
  } as RequestInit).then(
    ({ status }) => status,
    () => 413, // the connection may be closed while we still send
  );
  assert.is(streamed, 413);
  assert.is((await post(url, sample(0).png)).status, 200);
}

/** `count` requests at once, a tenth of them bad: all are answered, and as they should be. */
export async function answersAtOnce(url: string, count: number): Promise<void> {
  const statuses = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      if (i % 10 === 9) return (await post(url, "seven")).status;
      const { png, label } = sample(i % 100);
      const { status, json } = await post(url, png);
      return status === 200 && json.digit !== label ? 299 : status;
    }),
  );
  const tally = Object.fromEntries([...new Set(statuses)].map((s) => [s, statuses.filter((t) => t === s).length]));
  const misread = tally[299] ?? 0;
  assert.ok(misread < count / 30, `${misread} digits misread`);
  assert.equal((tally[200] ?? 0) + misread, count - Math.floor(count / 10), JSON.stringify(tally));
}

/** Megabytes of a process, without the files that it maps; null where the system does not tell. */
export function megabytesOf(pid: number): number | null {
  try {
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(path.join("/proc", `${pid}`, "status"), "utf8"))![1]) / 1000;
  } catch {
    return null;
  }
}
