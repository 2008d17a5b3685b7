// A page that a person can open years later: one HTML file with its drawings inside as SVG, light and dark.
import { resample } from "./terminal.ts";

/** What the report tells. */
export interface Report {
  readonly title: string;
  readonly subtitle: string;
  /** Large figures with a word under each. */
  readonly figures: readonly (readonly [value: string, meaning: string])[];
  /** The training loss, a value a step. */
  readonly losses: readonly number[];
  readonly epochs: readonly Epoch[];
  /** `confusion[label][prediction]` counts test images. */
  readonly confusion: readonly (readonly number[])[];
  readonly samples: readonly Digit[];
  readonly mistakes: readonly Digit[];
  /** Titles and texts: the model as printed, the machine, the source of the data. */
  readonly notes: readonly (readonly [title: string, text: string])[];
}

export interface Epoch {
  readonly loss: number;
  readonly accuracy: number;
  readonly seconds: number;
  readonly megabytes: number;
}

/** A 28 × 28 picture with what the model makes of it. */
export interface Digit {
  readonly pixels: Uint8Array;
  readonly label: number;
  readonly prediction: number;
  readonly confidence: number;
}

const SIDE = 28;

/** The report of a classifier of digits. */
export function reportHtml(report: Report): string {
  const epochs = report.epochs.map(
    (e, i) =>
      `<tr><td>${i + 1}</td><td>${e.loss.toFixed(4)}</td><td>${percent(e.accuracy)}</td>` +
      `<td>${e.seconds.toFixed(1)} s</td><td>${e.megabytes.toFixed(1)} MB</td></tr>`,
  );
  return pageHtml(
    report,
    `${section("Training loss", lossCurve(report.losses, report.epochs.length))}
<div class="pair">
<div>${section("Epochs", `<table><tr><th></th><th>loss</th><th>test accuracy</th><th>time</th><th>memory</th></tr>${epochs.join("")}</table>`)}
${report.notes.map(([title, body]) => note(title, body)).join("\n")}</div>
${section("Where it errs", confusionMatrix(report.confusion))}
</div>
${section("Digits it has not seen before", `<div class="digits">${report.samples.map(digit).join("")}</div>`)}
${section(report.mistakes.length === 0 ? "No mistakes" : "Its most confident mistakes", `<div class="digits">${report.mistakes.map(digit).join("")}</div>`)}`,
  );
}

/** A whole page: a title, large figures, and what is between. */
export function pageHtml(page: Pick<Report, "title" | "subtitle" | "figures">, body: string): string {
  const figures = page.figures.map(
    ([value, meaning]) => `<div><b>${text(value)}</b><span>${text(meaning)}</span></div>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text(page.title)}</title>
<style>${STYLE}</style>
<main>
<header><h1>${text(page.title)}</h1><p>${text(page.subtitle)}</p></header>
<div class="figures">${figures.join("")}</div>
${body}
</main>
</html>
`;
}

/** A card with a title over any markup. */
export function section(title: string, body: string): string {
  return `<section><h2>${text(title)}</h2>${body}</section>`;
}

/** A card with a title over plain text. */
export function note(title: string, body: string): string {
  return section(title, `<pre>${text(body)}</pre>`);
}

/** Pictures of 28 × 28 bytes, `columns` side by side. */
export function gallery(pictures: readonly Uint8Array[], columns: number): string {
  const figures = pictures.map((pixels) => `<figure>${ink(pixels)}</figure>`);
  return `<div class="digits" style="grid-template-columns: repeat(${columns}, 1fr)">${figures.join("")}</div>`;
}

/** A named curve over the places `from`, `from + 1`, …. */
export interface Series {
  readonly name: string;
  readonly from: number;
  readonly values: readonly number[];
}

/** Curves over one linear axis, each in a colour of its own, named below; `label` writes what stands at a place. */
export function chart(series: readonly Series[], label: (place: number) => string): string {
  const [width, height, left, bottom] = [860, 320, 44, 40];
  const colours = ["var(--soft)", "var(--flame)", "var(--good)"];
  const values = series.flatMap((s) => s.values);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const first = Math.min(...series.map((s) => s.from));
  const last = Math.max(...series.map((s) => s.from + s.values.length - 1));
  const x = (place: number): string => (left + ((place - first) / (last - first)) * (width - left)).toFixed(1);
  const y = (value: number): string => (((high - value) / (high - low || 1)) * (height - bottom)).toFixed(1);
  const axis = [low, (low + high) / 2, high].map(
    (v) =>
      `<path d="M${left} ${y(v)}H${width}" stroke="var(--line)"/>` +
      `<text x="${left - 8}" y="${Number(y(v)) + 4}" text-anchor="end">${v.toPrecision(3)}</text>`,
  );
  const places = [first, Math.round((first + last) / 2), last].map((place, i) => {
    const anchor = ["start", "middle", "end"][i];
    return `<text x="${x(place)}" y="${height - bottom + 16}" text-anchor="${anchor}">${text(label(place))}</text>`;
  });
  const curves = series.map(({ from, values }, i) => {
    const points = values.map((v, j) => `${j === 0 ? "M" : "L"}${x(from + j)} ${y(v)}`).join("");
    return `<path d="${points}" fill="none" stroke="${colours[i % 3]}" stroke-width="1.5" stroke-linejoin="round"/>`;
  });
  const names = series.map(
    ({ name }, i) =>
      `<text x="${left + i * 220}" y="${height - 4}" style="fill: ${colours[i % 3]}">${text(name)}</text>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${text(series.map((s) => s.name).join(", "))}">${[...axis, ...places, ...curves, ...names].join("")}</svg>`;
}

// The colours are named once, for light and for dark; every drawing uses them or the colour of the text.
const STYLE = `
:root { --page: #fbfaf8; --card: #fff; --ink: #23211e; --soft: #7b756c; --line: #e8e4dd; --flame: #e4572e; --glow: #f3a712; --good: #2a7f62; }
@media (prefers-color-scheme: dark) { :root { --page: #171614; --card: #211f1c; --ink: #efebe4; --soft: #9c958a; --line: #35322d; --flame: #ff7a4d; --glow: #ffc145; --good: #6fcfa8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 2.1rem; letter-spacing: -0.02em; line-height: 1.15; }
h2 { margin: 0 0 0.75rem; font-size: 0.95rem; font-weight: 600; color: var(--soft); }
header p { margin: 0.4rem 0 0; color: var(--soft); }
section, .figures { margin-top: 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem; margin-top: 2rem; }
.figures b { display: block; font-size: 1.7rem; letter-spacing: -0.02em; }
.figures div:first-child b { color: var(--flame); }
.figures span { font-size: 0.85rem; color: var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); column-gap: 1.25rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; } svg .count { fill: var(--ink); }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
th { font-weight: 400; color: var(--soft); } th, td { padding: 0.3rem 0; text-align: right; border-bottom: 1px solid var(--line); }
.digits { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.6rem, 1fr)); gap: 0.9rem; }
figure { margin: 0; } figcaption { margin-top: 0.2rem; font-size: 0.8rem; text-align: center; color: var(--soft); }
figcaption b { color: var(--good); } .wrong figcaption b { color: var(--flame); }
pre { margin: 0; overflow-x: auto; font: 0.85rem/1.5 ui-monospace, monospace; white-space: pre-wrap; }
`;

/** How a curve is drawn: its size, and how many steps there will be. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly of: number;
}

/** The loss of every step, faint, and its running mean, over a logarithmic axis; a line where an epoch ends. */
export function lossCurve(losses: readonly number[], epochs: number, frame?: Frame): string {
  const { width, height, of } = frame ?? { width: 860, height: 260, of: losses.length };
  const [left, bottom] = [44, 22];
  const reached = losses.length / of;
  const points = resample(losses, Math.ceil((width - left) * reached)).filter((v) => v > 0 && Number.isFinite(v));
  if (points.length < 2) return "<p>too few steps to draw</p>";
  const logs = points.map(Math.log10);
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  const x = (i: number): number => left + (i / (points.length - 1)) * reached * (width - left);
  const y = (log: number): number => ((high - log) / (high - low || 1)) * (height - bottom);
  const path = (values: readonly number[]): string =>
    values.map((v, i) => `${i === 0 ? "M" : "L"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const decades = Array.from({ length: high - low + 1 }, (_, i) => low + i).map(
    (log) =>
      `<path d="M${left} ${y(log)}H${width}" stroke="var(--line)"/>` +
      `<text x="${left - 8}" y="${y(log) + 4}" text-anchor="end">${Number((10 ** log).toPrecision(1))}</text>`,
  );
  const ends = Array.from({ length: epochs }, (_, i) => left + ((i + 1) / epochs) * (width - left)).map(
    (at, i) =>
      `<path d="M${at} 0V${height - bottom}" stroke="var(--line)" stroke-dasharray="3 4"/>` +
      `<text x="${at}" y="${height - 4}" text-anchor="end">epoch ${i + 1}</text>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="training loss">${decades.join("")}${ends.join("")}
<path d="${path(logs)}" fill="none" stroke="var(--glow)" stroke-opacity=".55"/>
<path d="${path(smooth(logs))}" fill="none" stroke="var(--flame)" stroke-width="2.5" stroke-linejoin="round"/></svg>`;
}

/** An exponential mean without the lag of its start. */
function smooth(values: readonly number[]): number[] {
  const keep = 0.96;
  let [sum, weight] = [0, 0];
  return values.map((v) => {
    sum = keep * sum + (1 - keep) * v;
    weight = keep * weight + (1 - keep);
    return sum / weight;
  });
}

/** Errors as squares: a row is what the digit is, a column what it was taken for. */
function confusionMatrix(counts: readonly (readonly number[])[]): string {
  const cell = 34;
  const worst = Math.max(1, ...counts.flatMap((row, i) => row.filter((_, j) => j !== i)));
  const cells = counts.flatMap((row, i) =>
    row.map((n, j) => {
      const [x, y] = [(j + 1) * cell, (i + 1) * cell];
      const fill = i === j ? "var(--good)" : "var(--flame)";
      const opacity = i === j ? 0.16 : n === 0 ? 0.03 : 0.15 + (0.75 * n) / worst;
      const label = n === 0 ? "" : `<text class="count" x="${x + 16}" y="${y + 20}" text-anchor="middle">${n}</text>`;
      return `<g><title>${n} × ${i} taken for ${j}</title><rect x="${x}" y="${y}" width="32" height="32" rx="6" fill="${fill}" fill-opacity="${opacity.toFixed(2)}"/>${label}</g>`;
    }),
  );
  const names = counts.map(
    (_, i) =>
      `<text x="${(i + 1) * cell + 16}" y="${cell - 8}" text-anchor="middle">${i}</text>` +
      `<text x="${cell - 8}" y="${(i + 1) * cell + 20}" text-anchor="end">${i}</text>`,
  );
  const size = (counts.length + 1) * cell;
  return `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="confusion matrix">${names.join("")}${cells.join("")}</svg>`;
}

function digit({ pixels, label, prediction, confidence }: Digit): string {
  const right = label === prediction;
  const said = right ? `<b>${prediction}</b> ${percent(confidence)}` : `<b>${prediction}</b> is ${label}`;
  return `<figure${right ? "" : ' class="wrong"'}>${ink(pixels)}<figcaption>${said}</figcaption></figure>`;
}

/** A grey picture in the colour of the text: four layers of horizontal strokes, so that it stays sharp and small. */
function ink(pixels: Uint8Array): string {
  const layers = [40, 100, 160, 220].map((threshold) => {
    let path = "";
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const start = x;
        while (x < SIDE && pixels[y * SIDE + x]! >= threshold) x++;
        if (x > start) path += `M${start} ${y}h${x - start}v1H${start}z`;
      }
    }
    return `<path d="${path}"/>`;
  });
  return `<svg viewBox="0 0 ${SIDE} ${SIDE}" fill="currentColor" fill-opacity=".36" shape-rendering="crispEdges">${layers.join("")}</svg>`;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

const text = (s: string): string => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
