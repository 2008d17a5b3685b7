// An edge worker (workerd) that reads digits: see README.md. It holds the kernels, the weights and the pictures that are being
// decoded, and lives in 128 MB.
import weights from "../data/mnist.safetensors";
import { lenetFrom, readDigits } from "../support/classifier.ts";
import { answerOf, checkHead, Decoder, readBody, reasonOf, refusalOf } from "../support/requests.ts";

// Before the first request: nobody waits for it.
const model = lenetFrom(weights);
const decoder = new Decoder(8 << 20);

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

async function read({ method, url, headers, body }: Request): Promise<string> {
  checkHead(method, new URL(url).pathname, headers.get("content-type"), headers.get("content-length"));
  const digit = await decoder.digitIn(await readBody(body));
  return answerOf(readDigits(model, [digit])[0]!);
}

function respond(status: number, json: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${json}\n`, { status, headers: { "content-type": "application/json", ...headers } });
}
