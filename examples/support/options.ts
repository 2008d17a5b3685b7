// The options of a command: `--steps 100`, `--fresh`. `--help` lists them; what is not understood ends the program with one line.
import { parseArgs } from "node:util";

/** What an option is if it is not given; where that is nothing, what kind it is. */
type Default = number | string | boolean | typeof Number | typeof String;
/** An option: its default, what it is about, and for texts what they are. */
type Option = readonly [otherwise: Default, about: string, value?: string];

type ValueOf<D> = D extends typeof Number
  ? number | undefined
  : D extends typeof String
    ? string | undefined
    : D extends number
      ? number
      : D extends boolean
        ? boolean
        : string;
type Values<O extends Readonly<Record<string, Option>>> = { readonly [K in keyof O]: ValueOf<O[K][0]> };

/**
 * The options that the program was started with. `--help` prints them and ends it with 0; one that is unknown, or a number that
 * is none, ends it with 2.
 *
 * @example
 * const option = readOptions("node build/examples/gpt.js", { steps: [1500, "steps of training"] });
 * option.steps // a number
 */
export function readOptions<const O extends Readonly<Record<string, Option>>>(command: string, options: O): Values<O> {
  const kinds = Object.entries(options).map(([name, [otherwise]]) => [name, { type: kindOf(otherwise) }] as const);
  let given: Readonly<Record<string, unknown>>;
  try {
    given = parseArgs({ options: { ...Object.fromEntries(kinds), help: { type: "boolean" } } }).values;
  } catch (error) {
    return refuse(command, (error as Error).message.split(/\. |\n/)[0]!);
  }
  if (given.help === true) {
    console.log(usage(command, options));
    process.exit(0);
  }
  const values = Object.entries(options).map(([name, [otherwise]]): [string, unknown] => {
    const value = given[name] ?? (typeof otherwise === "function" ? undefined : otherwise);
    if (typeof value !== "string" || (otherwise !== Number && typeof otherwise !== "number")) return [name, value];
    if (value.trim() === "" || Number.isNaN(Number(value))) {
      return refuse(command, `--${name} is "${value}", expected a number`);
    }
    return [name, Number(value)];
  });
  return Object.fromEntries(values) as Values<O>; // every option, of the kind that its default says
}

/** How the program is started with options. */
const started = (command: string): string => (command.startsWith("npm ") ? `${command} --` : command);

const kindOf = (otherwise: Default): "boolean" | "string" => (typeof otherwise === "boolean" ? "boolean" : "string");

function usage(command: string, options: Readonly<Record<string, Option>>): string {
  const lines = Object.entries(options).map(([name, [otherwise, about, value]]): [string, string] => {
    const isNumber = otherwise === Number || typeof otherwise === "number";
    const what = typeof otherwise === "boolean" ? "" : ` ${value ?? (isNumber ? "N" : "TEXT")}`;
    const unless = typeof otherwise === "function" || otherwise === false ? "" : ` (${otherwise})`;
    return [`--${name}${what}`, `${about}${unless}`];
  });
  lines.push(["--help", "this list"]);
  const width = Math.max(...lines.map(([head]) => head.length));
  return `${started(command)} [options]\n\n${lines.map(([head, text]) => `  ${head.padEnd(width)}  ${text}`).join("\n")}`;
}

function refuse(command: string, why: string): never {
  console.error(`${why}: \`${started(command)} --help\` lists the options`);
  process.exit(2);
}
