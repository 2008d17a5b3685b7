// The page: it draws, the worker thinks.
import { centred } from "../support/ink.ts";
import { lossCurve } from "../support/report.ts";
import type { News, Order, Sample } from "./messages.ts";
import { digitCanvas, Pad } from "./pad.ts";

const at = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;
const button = (id: string): HTMLButtonElement => at<HTMLButtonElement>(id);
const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const send = (order: Order): void => worker.postMessage(order);
const pad = new Pad(at<HTMLCanvasElement>("pad"), padChanged);
const bars = Array.from({ length: 10 }, (_, digit) => {
  const bar = document.createElement("li");
  bar.innerHTML = `<div class="bar"></div><span aria-hidden="true">${digit}</span>`;
  return bar;
});
at("bars").append(...bars);

let samples: readonly Sample[] = [];
let tiles: HTMLButtonElement[] = [];
let training = false;
/** The losses of this training or the last one, and how many there will be. */
let curve = { losses: [] as number[], epochs: 1, of: 1 };
let scheduled = false; // to be drawn anew

/** What is done with each kind of news. */
const hear: { readonly [Kind in News["is"]]: (news: Extract<News, { is: Kind }>) => void } = {
  ready(news) {
    samples = news.samples;
    tiles = samples.map(tileOf);
    at("samples").replaceChildren(...tiles);
    at("about").textContent = `${news.threads} thread${news.threads === 1 ? "" : "s"}`;
    at("about").title = news.about;
    setTraining(false);
    padChanged(); // what was drawn meanwhile
  },
  loading: () => say("Loading the digits …"),
  step(news) {
    curve.losses.push(news.loss);
    curve.of = news.of;
    at<HTMLProgressElement>("progress").value = news.step / news.of;
    at("loss").textContent = news.loss.toFixed(3);
    at("speed").textContent = Math.round(news.seen / news.seconds).toLocaleString("en");
    const left = (news.of - news.step) * (news.seconds / news.step);
    say(`Step ${news.step} of ${news.of}, ${left.toFixed(0)} s to go.`);
    drawCurve();
  },
  testing: () => say("Looking at 10,000 digits that it never learnt from …"),
  idle() {
    say("Done. What it learnt is kept for your next visit.");
    setTraining(false);
  },
  model({ origin, accuracy }) {
    at("origin").textContent = origin;
    at("accuracy").textContent = accuracy === null ? "–" : percent(accuracy);
    if (!training) say(accuracy === null ? "It knows nothing yet." : "Ready.");
    at("failure").hidden = true;
  },
  reading: ({ probabilities }) => showReading(probabilities),
  sampled: ({ digits }) => showSamples(digits),
  file: ({ bytes }) => download(bytes),
  failed({ what }) {
    setTraining(false);
    fail(what);
  },
};

worker.onmessage = ({ data }: MessageEvent<News>) => hear[data.is](data as never); // its own kind, by its name
worker.onerror = (event) => fail(event.message || "the worker could not be started");

at("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  if (training) return send({ do: "stop" });
  const [images, epochs] = ["images", "epochs"].map((id) => Number(at<HTMLSelectElement>(id).value)) as [
    number,
    number,
  ];
  curve = { losses: [], epochs, of: 1 };
  setTraining(true);
  send({ do: "train", images, epochs });
});
button("undo").addEventListener("click", () => pad.undo());
button("clear").addEventListener("click", () => pad.clear());
button("save").addEventListener("click", () => send({ do: "save" }));
button("open").addEventListener("click", () => at("file").click());
button("pretrained").addEventListener("click", () => send({ do: "begin", with: "pretrained" }));
button("fresh").addEventListener("click", () => send({ do: "begin", with: "nothing" }));
at("file").addEventListener("change", async ({ target }) => {
  const input = target as HTMLInputElement;
  const file = input.files?.[0];
  if (file !== undefined) send({ do: "open", name: file.name, file: await file.arrayBuffer() });
  input.value = ""; // the same file may be chosen again
});
window.addEventListener("resize", drawCurve);
goOffline().catch((error: unknown) => console.warn(`no offline use: ${error}`));

function padChanged(): void {
  at("hint").style.opacity = pad.empty ? "1" : "0";
  button("undo").disabled = button("clear").disabled = pad.empty;
  const ink = pad.ink();
  const digit = ink.values.some((v) => v > 0.5) ? centred(ink) : null;
  showDigit(at("seen"), digit?.map((v) => 255 * v) ?? null);
  if (digit === null) showReading(null);
  send({ do: "read", digit });
}

/** The probabilities as columns, the greatest as a figure and in words. */
function showReading(probabilities: readonly number[] | null): void {
  if (pad.empty) probabilities = null; // an answer to what was just wiped off
  const best = probabilities?.indexOf(Math.max(...probabilities)) ?? -1;
  for (const [digit, bar] of bars.entries()) {
    const share = probabilities?.[digit] ?? 0;
    bar.style.setProperty("--share", share.toFixed(4));
    bar.className = digit === best ? "best" : "";
    bar.title = percent(share, 2);
    bar.ariaLabel = `${digit}: ${percent(share)}`;
  }
  at("digit").textContent = best < 0 ? "–" : `${best}`;
  const sure = probabilities?.[best] ?? 0;
  const word = sure < 0.5 ? "Perhaps" : sure < 0.9 ? "Probably" : "This is";
  const share = sure > 0.999 ? "more than 99.9 %" : percent(sure);
  at("sentence").textContent = best < 0 ? "Nothing drawn yet." : `${word} a ${best}: ${share}.`;
}

function showSamples(digits: readonly number[]): void {
  const right = digits.filter((digit, i) => digit === samples[i]!.label).length;
  at("score").textContent = `${right} of ${digits.length} right`;
  for (const [i, tile] of tiles.entries()) {
    const { label } = samples[i]!;
    tile.dataset.read = `${digits[i]}`;
    tile.classList.toggle("wrong", digits[i] !== label);
    tile.ariaLabel = `A ${label}, read as ${digits[i]}: put it on the sheet`;
  }
}

function tileOf({ pixels }: Sample): HTMLButtonElement {
  const tile = document.createElement("button");
  tile.type = "button";
  tile.className = "tile";
  showDigit(tile, pixels);
  tile.addEventListener("click", () => pad.show(pixels));
  return tile;
}

function showDigit(tile: HTMLElement, pixels: ArrayLike<number> | null): void {
  if (pixels === null) tile.style.removeProperty("--digit");
  else tile.style.setProperty("--digit", `url(${digitCanvas(pixels).toDataURL()})`);
}

/** The curve so far, once a frame at most. */
function drawCurve(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    const { losses, epochs, of } = curve;
    if (losses.length < 2) return;
    const { clientWidth: width, clientHeight: height } = at("plot");
    at("plot").innerHTML = lossCurve(losses, epochs, { width, height, of });
  });
}

function setTraining(now: boolean): void {
  training = now;
  button("train").textContent = now ? "Stop" : "Train";
  button("train").disabled = false;
  for (const id of ["save", "open", "pretrained", "fresh", "images", "epochs"]) button(id).disabled = now;
}

function download(bytes: Uint8Array<ArrayBuffer>): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = "digits.safetensors";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

/** Has the service worker put the whole page by, so that the next visit needs no network. */
async function goOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return; // over plain HTTP from another machine there is none
  await navigator.serviceWorker.register("sw.js", { type: "module" });
  await navigator.serviceWorker.ready;
  at("offline").hidden = false;
}

function say(status: string): void {
  at("status").textContent = status;
}

function fail(what: string): void {
  at("failure").textContent = what;
  at("failure").hidden = false;
}
