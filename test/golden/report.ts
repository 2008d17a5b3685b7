// Results as text: a line an operator with the reasons of its failures, and a table of totals.
import { type Aspect, type Kind, NO_FORWARD, type Result } from "./replay.ts";

const ASPECTS: readonly Aspect[] = ["forward", "gradient", "bad input"];
const EXAMPLES = 3; // cases named for one reason; the rest is in the JSON

/** The lines of one name's results; none where the library lacks it. */
export function namedReport(name: string, results: readonly Result[]): string {
  const present = results.filter((r) => r.outcome !== "absent");
  if (present.length === 0) return "";
  const counts = ASPECTS.flatMap((aspect) => {
    const those = present.filter((r) => r.aspect === aspect);
    return those.length === 0 ? [] : [`${aspect} ${passed(those)}/${those.length}`];
  });
  const failures = present.filter((r) => r.outcome === "fail");
  const lines = [`${failures.length === 0 ? "ok  " : "FAIL"} ${name.padEnd(40)} ${counts.join("  ")}`];
  // That a gradient had no forward says nothing new.
  for (const { reason, cases } of reasons(failures.filter((f) => f.reason !== NO_FORWARD))) {
    lines.push(`       ${cases.length} × ${reason}`);
    for (const { aspect, label, call } of cases.slice(0, EXAMPLES)) {
      lines.push(`           ${aspect === "bad input" ? "" : `${aspect} of `}${label}: ${shortened(call)}`);
    }
  }
  return lines.join("\n");
}

/** Failures with one reason up to numbers, the shortest reason first. */
export function reasons(failures: readonly Result[]): { reason: string; cases: Result[] }[] {
  const groups = new Map<string, { reason: string; cases: Result[] }>();
  for (const failure of failures) {
    const reason = failure.reason ?? "";
    const key = reason.replace(/-?\d+(\.\d+)?(e[+-]?\d+)?|\[[\d, ]*\]|nan|-?inf(inity)?/gi, "#");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { reason, cases: [failure] });
    else group.cases.push(failure);
  }
  return [...groups.values()].sort((a, b) => a.reason.length - b.reason.length);
}

const TOTALS: readonly (readonly [string, Kind, Aspect?])[] = [
  ["operators, forward", "operator", "forward"],
  ["operators, gradient", "operator", "gradient"],
  ["operators, bad input", "operator", "bad input"],
  ["aliases", "alias"],
  ["modules, forward", "module", "forward"],
  ["modules, gradient", "module", "gradient"],
  ["optimizers", "optimizer"],
  ["random streams", "random"],
  ["printing", "printing"],
];

/** The table at the end, and the names that the library lacks. */
export function totals(results: readonly Result[]): string {
  const lines = [
    "",
    `${"".padEnd(24)}${["passed", "of", "absent", "names", "absent"].map((h) => h.padStart(8)).join("")}`,
  ];
  for (const [title, kind, aspect] of TOTALS) {
    const those = results.filter((r) => r.kind === kind && (aspect === undefined || r.aspect === aspect));
    if (those.length === 0) continue;
    const present = those.filter((r) => r.outcome !== "absent");
    const names = new Set(present.map((r) => r.name)).size;
    const absent = new Set(those.map((r) => r.name)).size - names;
    const columns = [passed(present), present.length, those.length - present.length, names, absent];
    lines.push(title.padEnd(24) + columns.map((c) => String(c).padStart(8)).join(""));
  }
  const lacking = new Set(results.filter((r) => r.outcome === "absent").map((r) => r.name));
  if (lacking.size > 0) lines.push("", `absent: ${[...lacking].sort().join(" ")}`);
  return lines.join("\n");
}

function passed(results: readonly Result[]): number {
  return results.filter((r) => r.outcome === "pass").length;
}

function shortened(text: string): string {
  return text.length <= 160 ? text : `${text.slice(0, 157)}...`;
}
