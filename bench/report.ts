// The report of a run as one HTML file that needs nothing beside it: a picture of the ratios to PyTorch, and the tables.
import type { Report } from "./markdown.ts";
import { cells, foot, head, type Line, overall, remarks, type Section } from "./table.ts";

const REFERENCE = "pytorch";
const WIDTH = 760;
const LABELS = 190;
const STEP = 18;
const TOP = 34;
// The picture's scale: from a thirty-second to eight times PyTorch's time, each power of two as wide as the next.
const [LEAST, MOST] = [-5, 3];

export function html(report: Report): string {
  const { date, machine, libraries, runtime, sections, notes, figures } = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Flambeau: performance, ${date}</title>
<style>
  :root { color-scheme: light dark; --ink: #1c1a17; --paper: #fbfaf7; --faint: #8d877d; --line: #e2ded5; --good: #1f7a5c; --poor: #c2571a; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #ece8e1; --paper: #171614; --faint: #8f897f; --line: #34312c; --good: #56c596; --poor: #f08a4b; }
  }
  body { margin: 0 auto; padding: 3rem 1.5rem 5rem; max-width: 62rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.9rem; margin: 0 0 .3rem; } h2 { margin: 3rem 0 .5rem; } p, li { max-width: 46rem; }
  small, .faint { color: var(--faint); }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap; margin: 1rem 0 2rem; }
  td, th { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line); } td:first-child, th:first-child { text-align: left; padding-left: 0; }
  th { font-weight: 600; } svg { display: block; width: 100%; max-width: ${WIDTH}px; height: auto; font: 11px system-ui, sans-serif; }
  svg text { fill: var(--ink); } svg .axis { stroke: var(--line); } svg .one { stroke: var(--faint); } svg .label { fill: var(--faint); }
  .good { fill: var(--good); stroke: var(--good); } .poor { fill: var(--poor); stroke: var(--poor); }
</style>
<h1>Flambeau beside its peers</h1>
<p class="faint">${date} · ${text([...machine, runtime].join(" · "))}<br>${text(libraries.join(" · "))}</p>
${sections.map(sectionOf).join("\n")}
${figures.length === 0 ? "" : `<h2>Start and memory</h2><ul>${figures.map(({ name, ours, goal }) => `<li>${text(name)}: <b>${text(ours)}</b> <small>goal: ${text(goal)}</small>`).join("")}</ul>`}
${notes.length === 0 ? "" : `<ul class="faint">${notes.map((note) => `<li>${text(note)}`).join("")}</ul>`}
</html>
`;
}

function sectionOf(section: Section): string {
  const mean = overall(section, REFERENCE);
  return `<h2>${section.threads === 1 ? "One thread" : `${section.threads} threads`}</h2>
${mean === null ? "" : `<p>Over the rows with a goal ours needs <b>${mean.toFixed(2)}</b> of native PyTorch's time, as a geometric mean.</p>\n${picture(section)}`}
<div class="wide"><table>
<tr>${head(section)
    .map((cell) => `<th>${text(cell)}`)
    .join("")}
${section.lines
  .map(
    (line) =>
      `<tr>${cells(section, line)
        .map((cell) => `<td>${text(cell)}`)
        .join("")}`,
  )
  .join("\n")}
<tr>${foot(section)
    .map((cell) => `<th>${text(cell)}`)
    .join("")}
</table></div>
<ul>${remarks(section)
    .map((remark) => `<li>${text(remark)}`)
    .join("")}</ul>`;
}

/** A dot a row at ours ÷ PyTorch's, a tick where the goal is. */
function picture({ lines }: Section): string {
  const shown = lines.flatMap((line) => {
    const ratio = line.peers.find(({ library, same }) => library === REFERENCE && same)?.ratio;
    return ratio == null ? [] : [{ line, ratio }];
  });
  const height = TOP + shown.length * STEP + 8;
  const powers = Array.from({ length: MOST - LEAST + 1 }, (_, i) => 2 ** (LEAST + i));
  const axis = powers.map((ratio) => {
    const label = ratio < 1 ? `1/${1 / ratio}` : String(ratio);
    return `<path class="${ratio === 1 ? "one" : "axis"}" d="M${x(ratio)} ${TOP - 12}V${height - 6}"/><text class="label" x="${x(ratio)}" y="${TOP - 18}" text-anchor="middle">${label}</text>`;
  });
  const dots = shown.map(({ line, ratio }, i) => dot(line, ratio, TOP + i * STEP));
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Ours divided by PyTorch's time, a dot a row">${axis.join("")}${dots.join("\n")}</svg>
<p><small>Ours ÷ PyTorch's time on a scale of powers of two; left of 1, ours is faster. The tick is the goal.</small></p>`;
}

function dot({ row, ours }: Line, ratio: number, y: number): string {
  const met = row.goal === undefined || ratio <= row.goal;
  const goal =
    row.goal === undefined
      ? ""
      : `<path d="M${x(row.goal)} ${y - 6}v12" stroke-width="1.5" class="${met ? "good" : "poor"}"/>`;
  return `<g><title>${text(row.name)}: ${ratio.toFixed(2)}${ours === null ? "" : `, ${ours.toPrecision(3)} µs`}</title><text x="${LABELS - 14}" y="${y + 4}" text-anchor="end">${text(row.name)}</text>${goal}<circle cx="${x(ratio)}" cy="${y}" r="4" class="${met ? "good" : "poor"}"/></g>`;
}

function x(ratio: number): number {
  const at = (Math.min(MOST, Math.max(LEAST, Math.log2(ratio))) - LEAST) / (MOST - LEAST);
  return Math.round((LABELS + at * (WIDTH - LABELS - 20)) * 10) / 10;
}

function text(s: string): string {
  return s.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}
