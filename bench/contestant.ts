// The parent's side of a library's process; child.ts describes the lines that pass.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a library answers about a row. */
export type Reply =
  | { readonly kind: "samples"; readonly samples: readonly number[]; readonly probe: readonly number[] }
  | { readonly kind: "absent" }
  | { readonly kind: "error"; readonly message: string };

/** One thread's time ÷ that of more, of a row, and of a product of 256 × 256 matrices in the same moments. */
export interface Gain {
  readonly row: number;
  readonly product: number;
}

export class Contestant {
  readonly file: string;
  readonly threads: number;
  /** Name and version. */
  label = "";
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** The end of what it wrote to standard error: the reason, if it dies. */
  #complaint = "";

  private constructor(file: string, threads: number, [binary, ...args]: string[], more: NodeJS.ProcessEnv) {
    this.file = file;
    this.threads = threads;
    // The native libraries' pools are sized when they load; OpenBLAS has one of its own.
    const pools = ["FLAMBEAU_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];
    const env = { ...process.env, ...more, ...Object.fromEntries(pools.map((name) => [name, String(threads)])) };
    this.#process = spawn(binary!, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#process.on("error", (error) => {
      this.#complaint += error.message;
    });
    this.#process.stdin?.on("error", () => {}); // a process that died says so by its missing answer
    this.#process.stderr?.on("data", (chunk) => {
      this.#complaint = (this.#complaint + chunk).slice(-2000);
    });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts a library's process with `env` beside what this one has, or says why it cannot run. */
  static async start(
    file: string,
    threads: number,
    command: string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Contestant | { reason: string }> {
    const contestant = new Contestant(file, threads, command, env);
    const { name, error } = await contestant.#answer();
    if (name === undefined) return { reason: firstLine(String(error)) };
    contestant.label = threads === 1 ? String(name) : `${name} ×${threads}`;
    return contestant;
  }

  /** Times a row for about `ms` milliseconds. */
  async ask(row: string, ms: number): Promise<Reply> {
    this.#process.stdin?.write(`${JSON.stringify({ row, ms })}\n`);
    const { samples, probe, absent, error } = await this.#answer();
    if (absent === true) return { kind: "absent" };
    if (error !== undefined) return { kind: "error", message: String(error) };
    return { kind: "samples", samples: samples as number[], probe: probe as number[] };
  }

  /** What its threads gain beside one on a row that it has just been asked for, within some `ms` milliseconds; null if it cannot tell. */
  async gain(row: string, ms: number): Promise<Gain | null> {
    this.#process.stdin?.write(`${JSON.stringify({ row, ms, gain: this.threads })}\n`);
    const { gain, measure } = await this.#answer();
    return typeof gain === "number" ? { row: gain, product: measure as number } : null;
  }

  /** The most bytes that its tensors take during one run of a row, once it has warmed up; null if it cannot tell. */
  async peak(row: string): Promise<number | null> {
    this.#process.stdin?.write(`${JSON.stringify({ row, peak: true })}\n`);
    const { bytes } = await this.#answer();
    return typeof bytes === "number" ? bytes : null;
  }

  stop(): void {
    this.#process.stdin?.end();
    this.#process.kill();
  }

  /** The next line that is an answer: libraries print greetings too. */
  async #answer(): Promise<Record<string, unknown>> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) return { error: firstLine(this.#complaint) || "it ended without a word" };
      if (value.startsWith("{")) return JSON.parse(value) as Record<string, unknown>;
    }
  }
}

const firstLine = (text: string): string => text.trim().split("\n")[0]!;
