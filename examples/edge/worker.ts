// An edge worker (workerd) that reads digits: see README.md. It keeps no state between requests, holds the kernels, the
// weights and what is being decoded, and lives in 128 MB.
import weights from "../data/mnist.safetensors";
import { lenetFrom, readDigits } from "../support/classifier.ts";
import { readHeader } from "../support/png.ts";
import { answerOf, checkHead, digitIn, Refusal, readBody, reasonOf, refusalOf } from "../support/requests.ts";

// Decoded pictures of all requests under way; one takes two bytes a pixel, later ten in turn. Beyond it, others wait.
const MOST_PIXELS_AT_ONCE = 8 << 20;

// Before the first request: nobody waits for it.
const model = lenetFrom(weights);
let pixels = 0;

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      return respond(200, await read(request));
    } catch (error) {
      const refusal = refusalOf(error);
      return respond(refusal.status, reasonOf(refusal), refusal.headers);
    }
  },
};

async function read(request: Request): Promise<string> {
  const { method, headers, body } = request;
  checkHead(method, new URL(request.url).pathname, headers.get("content-type"), headers.get("content-length"));
  const png = await readBody(body);
  const { width, height } = readHeader(png);
  if (pixels + width * height > MOST_PIXELS_AT_ONCE) {
    throw new Refusal(503, "busy", "too many large pictures at once", { "retry-after": "1" });
  }
  pixels += width * height;
  try {
    return answerOf(readDigits(model, [await digitIn(png)])[0]!);
  } finally {
    pixels -= width * height;
  }
}

function respond(status: number, json: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${json}\n`, { status, headers: { "content-type": "application/json", ...headers } });
}
