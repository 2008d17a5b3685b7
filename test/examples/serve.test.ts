// The service of examples/serve over HTTP.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Service, type ServiceOptions } from "../../examples/serve/service.ts";
import { lenetFrom } from "../../examples/support/classifier.ts";
import { PATH } from "../../examples/support/requests.ts";
import { answersAtOnce, post, readsDigits, refusesTheRest, sample } from "../hosts/service.ts";
import { root } from "../house/sources.ts";

const model = lenetFrom(readFileSync(path.join(root, "examples/data/mnist.safetensors")));

async function serving(
  options: Partial<ServiceOptions>,
  body: (url: string, service: Service) => Promise<void>,
): Promise<void> {
  const service = new Service(model, options);
  service.server.listen(0, "127.0.0.1");
  await once(service.server, "listening");
  try {
    await body(`http://127.0.0.1:${(service.server.address() as AddressInfo).port}`, service);
  } finally {
    if (service.server.listening) await service.end();
  }
}

const get = async (url: string): Promise<[status: number, text: string]> => {
  const response = await fetch(url, { headers: { connection: "close" } });
  return [response.status, await response.text()];
};
const metric = (page: string, name: string): number =>
  Number(
    page
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );

/** Waits until so many digits wait to be read. */
async function queued(url: string, count: number): Promise<void> {
  while (metric((await get(`${url}/metrics`))[1], "digits_queue_length") < count) await wait(5);
}

test("it reads digits, and refuses what is none with a reason", () =>
  serving({}, async (url) => {
    await readsDigits(url, 60);
    await refusesTheRest(url);
  }));

test("a thousand requests at once are answered, in batches", () =>
  serving({ maxQueue: 1000, maxWait: 20 }, async (url) => {
    const before = fl.memoryStats().allocated;
    await answersAtOnce(url, 1000);
    const [, page] = await get(`${url}/metrics`);
    assert.is(metric(page, 'digits_requests_total{status="200"}'), 900);
    assert.is(metric(page, 'digits_requests_total{status="415"}'), 100);
    assert.is(metric(page, "digits_request_seconds_count"), 1000);
    assert.is(metric(page, "digits_batch_size_sum"), 900);
    assert.ok(metric(page, "digits_batch_size_count") < 450, "two and more at a time");
    assert.is(metric(page, "digits_queue_length"), 0);
    assert.is(metric(page, "digits_requests_under_way"), 0);
    assert.ok(metric(page, "process_resident_memory_bytes") > 1e7);
    assert.is(metric(page, "flambeau_memory_bytes"), before, "every tensor of theirs is gone");
  }));

test("beyond its queue it sends away with 503, and goes on", () =>
  serving({ maxQueue: 5, maxWait: 20 }, async (url) => {
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => (await post(url, sample(i).png)).status),
    );
    assert.ok(statuses.includes(503) && statuses.includes(200), String(statuses));
    assert.ok(statuses.every((status) => status === 200 || status === 503));
    assert.is((await post(url, sample(0).png)).status, 200);
  }));

test("one who sends too slowly is told so, one who goes away is forgotten", () =>
  serving({ patience: 200, maxWait: 50 }, async (url) => {
    const head = `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\n`;
    const port = Number(new URL(url).port);
    const slow = connect(port);
    slow.write(head);
    assert.match(await text(slow), /^HTTP\/1.1 408 /);
    const gone = connect(port);
    const { png } = sample(0);
    gone.write(head.replace("1000", String(png.length)));
    gone.write(png, () => gone.destroy());
    assert.is((await post(url, png)).status, 200);
    await wait(100);
    const [, page] = await get(`${url}/metrics`);
    assert.is(metric(page, "digits_requests_under_way"), 0);
    assert.is(metric(page, 'digits_requests_total{status="gone"}'), 2);
  }));

test("when it ends: not ready, no new requests, those under way are answered", () =>
  serving({ maxWait: 1000, notice: 300 }, async (url, service) => {
    assert.equal(await get(`${url}/healthz`), [200, "ok\n"]);
    assert.equal(await get(`${url}/readyz`), [200, "ready\n"]);
    const underWay = Array.from({ length: 5 }, (_, i) => post(url, sample(i).png));
    await queued(url, 5);
    const ended = service.end();
    assert.equal(await get(`${url}/readyz`), [503, "ending\n"]);
    assert.equal(await get(`${url}/healthz`), [200, "ok\n"]);
    assert.is((await post(url, sample(0).png)).status, 503);
    assert.equal(
      (await Promise.all(underWay)).map(({ status }) => status),
      Array(5).fill(200),
    );
    await ended;
    assert.is(await get(`${url}/healthz`).catch(() => "refused"), "refused");
  }));

test("SIGTERM ends the process with what was under way answered", async () => {
  const main = fileURLToPath(new URL("../../examples/serve/main.js", import.meta.url));
  const child = spawn(process.execPath, [main, "--port", "0", "--wait", "1000"], { cwd: root });
  let said = "";
  child.stdout.on("data", (part) => {
    said += part;
  });
  while (!/http:\S+/.test(said)) await wait(10);
  const url = /http:\S+/.exec(said)![0];
  const underWay = Array.from({ length: 5 }, (_, i) => post(url, sample(i).png));
  await queued(url, 5);
  child.kill("SIGTERM");
  assert.equal(
    (await Promise.all(underWay)).map(({ status }) => status),
    Array(5).fill(200),
  );
  const [code] = await once(child, "exit");
  assert.is(code, 0);
  assert.match(said, /SIGTERM: answering what is under way\nended/);
});

test.run();
