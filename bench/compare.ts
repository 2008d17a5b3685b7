// Times this checkout's library against that of another commit, row by row, so that a regression is seen before it lands.
//
//   npm run bench:compare -- COMMIT [--only RE] [--rounds N] [--ms N] [--threads N]
//
// The other commit is checked out into a temporary folder and built there; both run this checkout's bench. Ends with 1
// if a row has become slower by more than a tenth and by more than the rounds differ among themselves.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Contestant } from "./contestant.ts";
import { ours } from "./libraries.ts";
import { measure } from "./rounds.ts";
import { rows } from "./rows.ts";
import { align, duration, ratioOf, timeOf } from "./table.ts";

const SLOWER = 1.1;

const { values: option, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "7" },
    ms: { type: "string", default: "100" },
    threads: { type: "string", default: "1" },
  },
});
const [commit] = positionals;
if (commit === undefined) {
  console.error("which commit? npm run bench:compare -- COMMIT [--only RE] [--rounds N] [--ms N] [--threads N]");
  process.exit(2);
}

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const threads = Number(option.threads);
const other = path.join(mkdtempSync(path.join(tmpdir(), "flambeau-compare-")), "checkout");
let regressed = false;
try {
  build(commit, other);
  const both = [
    await contestant("ours", path.join(root, "build/bench")),
    await contestant("theirs", path.join(other, "build/bench")),
  ];
  const chosen = rows.filter(({ name }) => new RegExp(option.only).test(name));
  const results = await measure(both, chosen, { rounds: Number(option.rounds), ms: Number(option.ms) });
  for (const c of both) c.stop();
  const lines = chosen.map(({ name }) => {
    const [now, before] = ["ours", "theirs"].map((library) =>
      results.find((r) => r.row === name && r.library === library),
    );
    const [after, earlier, ratio] = [timeOf(now), timeOf(before), ratioOf(now, before)];
    const worse = ratio !== null && ratio > SLOWER && Math.min(...now!.medians) > Math.min(...before!.medians) * SLOWER;
    regressed ||= worse;
    const verdict = worse ? "slower" : ratio !== null && ratio < 1 / SLOWER ? "faster" : "";
    return [name, ...[earlier, after].map((t) => (t === null ? "–" : duration(t))), ratio?.toFixed(2) ?? "", verdict];
  });
  console.log(align([["", commit, "this", "this ÷ that", ""], ...lines]));
} finally {
  execFileSync("git", ["worktree", "remove", "--force", other], { cwd: root });
  rmSync(path.dirname(other), { recursive: true, force: true });
}
process.exitCode = regressed ? 1 : 0;

function build(commit: string, folder: string): void {
  execFileSync("git", ["worktree", "add", "--detach", folder, commit], { cwd: root, stdio: "ignore" });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  execFileSync(process.execPath, ["tools/build.mjs"], { cwd: folder, stdio: "inherit" });
  // This checkout's bench, beside that library: `flambeau` is the package that a file lies in.
  cpSync(path.join(root, "build/bench"), path.join(folder, "build/bench"), { recursive: true });
}

async function contestant(name: string, folder: string): Promise<Contestant> {
  const started = await Contestant.start(name, threads, ours(folder, threads));
  if (started instanceof Contestant) return started;
  throw new Error(`${name} does not start: ${started.reason}`);
}
