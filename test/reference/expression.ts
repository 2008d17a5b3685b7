// The expressions of pointwise rules (`expr`), evaluated for one element.
//
// The language is that of JavaScript's arithmetic: names, numbers, `+ - * / % **`, comparisons, `&& || !`,
// `& | ^ ~ << >>`, `c ? a : b`, and functions. What they do is the arithmetic's affair: integers, reals and complex
// numbers each have one.

import type { Value } from "./cells.ts";

/** The operations of one kind of number. A missing one makes an expression that needs it impossible for the kind. */
export interface Arithmetic {
  literal(text: string): Value;
  truth(x: Value): boolean;
  readonly unary: Readonly<Record<string, (x: never) => Value>>;
  readonly binary: Readonly<Record<string, (a: never, b: never) => Value | boolean>>;
  readonly functions: Readonly<Record<string, (...args: never[]) => Value | boolean>>;
}

export type Names = Readonly<Record<string, Value>>;
type Result = Value | boolean;
type Node = (names: Names) => Result;

/** Thrown where an expression asks an arithmetic for what it does not have. */
export class Unknown extends Error {}

/** Binding strength of the operators with two sides; `?` and `**` lean to the right. */
const STRENGTH: Readonly<Record<string, number>> = {
  "?": 1,
  "||": 2,
  "&&": 3,
  "|": 4,
  "^": 5,
  "&": 6,
  "==": 7,
  "===": 7,
  "!=": 7,
  "!==": 7,
  "<": 8,
  "<=": 8,
  ">": 8,
  ">=": 8,
  "<<": 9,
  ">>": 9,
  "+": 10,
  "-": 10,
  "*": 11,
  "/": 11,
  "%": 11,
  "**": 13,
};
const SIGN = 12; // of a sign before its operand: -x ** 2 is -(x ** 2)

const TOKEN =
  /\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\*\*|===|!==|[<>=!]=|&&|\|\||<<|>>|[-+*/%<>!~&|^?:(),])/y;

export function compile(text: string, arithmetic: Arithmetic): (names: Names) => Value {
  const tokens = split(text);
  let at = 0;
  const take = (wanted: string): void => {
    if (tokens[at++] !== wanted) throw new SyntaxError(`${text}: expected ${wanted} in the place of ${tokens[at - 1]}`);
  };
  const bool = (x: Result): boolean => (typeof x === "boolean" ? x : arithmetic.truth(x));
  const value = (x: Result): Value => (typeof x === "boolean" ? arithmetic.literal(x ? "1" : "0") : x);
  const must = <T>(table: Readonly<Record<string, T>>, name: string): T => {
    if (!Object.hasOwn(table, name)) throw new Unknown(`${text}: ${name} has no meaning here`);
    return table[name]!;
  };

  function primary(): Node {
    const token = tokens[at++]!;
    if (token === "(") {
      const inner = expression(0);
      take(")");
      return inner;
    }
    if (token === "!") {
      const x = expression(SIGN);
      return (names) => !bool(x(names));
    }
    if (token === "-" || token === "+" || token === "~") {
      const x = expression(SIGN);
      const f = must(arithmetic.unary, token);
      return (names) => f(value(x(names)) as never);
    }
    if (/^[\d.]/.test(token)) {
      const number = arithmetic.literal(token);
      return () => number;
    }
    if (tokens[at] === "(") {
      const f = must(arithmetic.functions, token);
      const args: Node[] = [];
      at++;
      while (tokens[at] !== ")") {
        args.push(expression(0));
        if (tokens[at] !== ")") take(",");
      }
      take(")");
      return (names) => f(...(args.map((x) => value(x(names))) as never[]));
    }
    if (Object.hasOwn(arithmetic.functions, token)) {
      const constant = must(arithmetic.functions, token)();
      return () => constant;
    }
    return (names) => {
      const found = names[token];
      if (found === undefined) throw new ReferenceError(`${text}: nothing is called ${token}`);
      return found;
    };
  }

  function expression(least: number): Node {
    let left = primary();
    for (;;) {
      const operator = tokens[at];
      const strength = operator === undefined ? undefined : STRENGTH[operator];
      if (operator === undefined || strength === undefined || strength < least) return left;
      at++;
      left = join(left, operator, strength);
    }
  }

  function join(a: Node, operator: string, strength: number): Node {
    if (operator === "?") {
      const yes = expression(0);
      take(":");
      const no = expression(strength);
      return (names) => (bool(a(names)) ? yes(names) : no(names));
    }
    const b = expression(operator === "**" ? strength : strength + 1);
    if (operator === "&&") return (names) => bool(a(names)) && bool(b(names));
    if (operator === "||") return (names) => bool(a(names)) || bool(b(names));
    const f = must(arithmetic.binary, operator.replace("===", "==").replace("!==", "!="));
    return (names) => f(value(a(names)) as never, value(b(names)) as never);
  }

  const root = expression(0);
  if (at < tokens.length) throw new SyntaxError(`${text}: ${tokens[at]} is left over`);
  return (names) => value(root(names));
}

function split(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new SyntaxError(`${text}: what is ${text.slice(from)}?`);
    tokens.push(match[1]!);
  }
  return tokens;
}
