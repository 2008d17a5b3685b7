// What the services in edge and serve have in common: a PNG comes in, a digit goes out as JSON, and whatever is wrong is
// answered with a status, a word for programs and a sentence for people.
//
//   POST /digit   image/png   →   { "digit": 7, "confidence": 0.998, "probabilities": [ten] }
//                             or  { "error": { "code": "too-large", "message": "…" } }
import type { Reading } from "./classifier.ts";
import { centred, inkOf } from "./ink.ts";
import { decodePng, ImageError, type ImageFault, type Inflate, readHeader } from "./png.ts";

/** Of a request's body. */
export const MOST_BYTES: number = 256 * 1024;
export const PATH = "/digit";

/** A request that is refused. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** What is known of a request before its body is read. Throws Refusal. */
export function checkHead(method: string, path: string, type: string | null, length: string | null): void {
  if (path !== PATH) throw new Refusal(404, "not-found", `there is nothing at this path: POST a PNG file to ${PATH}`);
  if (method !== "POST") throw new Refusal(405, "method", "only POST is understood here", { allow: "POST" });
  if (!/^image\/png\s*(;|$)/i.test(type ?? "")) {
    throw new Refusal(415, "unsupported", "the content-type is not image/png");
  }
  if (Number(length ?? 0) > MOST_BYTES) throw tooLong();
}

/** The whole body. Throws Refusal as soon as it is longer than anybody needs. */
export async function readBody(body: AsyncIterable<Uint8Array> | null): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > MOST_BYTES) throw tooLong();
    parts.push(part);
  }
  if (length === 0) throw new Refusal(400, "empty", "the request has no body");
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Makes digits of PNG files, of no more pixels at once than memory is there for. */
export class Decoder {
  readonly #most: number;
  readonly #inflate: Inflate | undefined;
  #pixels = 0;

  /** A pixel takes two bytes while it is decoded, and eight more, in one picture at a time, while its ink is found. */
  constructor(mostPixels: number, inflate?: Inflate) {
    this.#most = mostPixels;
    this.#inflate = inflate;
  }

  /** The digit in a file, as the network knows digits. Throws Refusal or ImageError. */
  async digitIn(png: Uint8Array): Promise<Float32Array> {
    const { width, height } = readHeader(png);
    if (this.#pixels + width * height > this.#most) {
      throw new Refusal(503, "busy", "too many large pictures at once: try again", { "retry-after": "1" });
    }
    this.#pixels += width * height;
    try {
      return centred(inkOf(await decodePng(png, this.#inflate)));
    } finally {
      this.#pixels -= width * height;
    }
  }
}

/** The body of a good answer. */
export function answerOf({ digit, probabilities }: Reading): string {
  const round = (share: number): number => Number(share.toFixed(6));
  return JSON.stringify({
    digit,
    confidence: round(probabilities[digit]!),
    probabilities: probabilities.map(round),
  });
}

/** The body of a bad one. */
export function reasonOf({ code, message }: Refusal): string {
  return JSON.stringify({ error: { code, message } });
}

const STATUS: Readonly<Record<ImageFault, number>> = { unsupported: 415, damaged: 400, "too-large": 413, blank: 422 };

/** What went wrong, as it is answered. Of what is not the sender's fault, no more is told than that. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof ImageError) {
    return new Refusal(STATUS[error.fault], error.fault, `the picture is refused: ${error.message}`);
  }
  console.error(error);
  return new Refusal(500, "internal", "this is our fault, and written in our log");
}

function tooLong(): Refusal {
  return new Refusal(413, "too-large", `the body is longer than ${MOST_BYTES} bytes`);
}
