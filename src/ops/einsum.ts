// Einstein's notation: `einsum("bij,bjk->bik", a, b)`.
//
// A label is a number: 0 … 51 for A … Z, a … z, and -1, -2 … for the dims of an ellipsis, the last one first. Operands
// are contracted from the left, two at a time; what only one of them has and nobody needs later is summed beforehand.

import { DTypeError, ShapeError, show, showShape, ValueError } from "../core/index.ts";
import { asTensor, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { mul } from "./binary.ts";
import { matmul } from "./matmul.ts";
import { diagonal } from "./pick.ts";
import { sum } from "./reduce.ts";
import { permute, reshape } from "./view.ts";

type Labels = readonly number[];
/** An ellipsis among labels, until the dims that it stands for are known. */
const ELLIPSIS = "...";
type Term = readonly (number | typeof ELLIPSIS)[];

/**
 * Sums products of `operands` over the labels that the result does not have. The equation names the dims of each operand
 * by letters, the result's after `->`; without it the result has the letters that occur once, in alphabetical order. An
 * ellipsis stands for any dims, which broadcast; a letter twice in one operand is its diagonal.
 *
 * Or with lists of labels in [0, 52) in the place of an equation: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
 *
 * Throws ValueError for an equation that does not fit, ShapeError for sizes that differ.
 */
export const einsum: ((equation: string, ...operands: readonly (Tensor | readonly Tensor[])[]) => Tensor) &
  ((...operandsAndLabels: readonly (Tensor | readonly (number | "...")[])[]) => Tensor) = (
  ...args: readonly unknown[]
): Tensor => {
  const [operands, terms, out] =
    typeof args[0] === "string" ? byEquation(args[0], args.slice(1).flat()) : byLists(args);
  for (const x of operands) asTensor(x, "einsum", "operands");
  if (operands.length === 0) throw new ValueError("einsum: expected at least one operand");
  const depths = operands.map((x, i) => depthOf(x, terms[i]!, i));
  const depth = Math.max(...depths);
  const labels = terms.map((term, i) => expanded(term, depths[i]!));
  return contraction(
    operands,
    labels,
    out === null ? occurringOnce(labels, depth) : result(expanded(out, depth), labels),
  );
};

// ── the notation ─────────────────────────────────────────────────────────────────────────────────────────────────────

function byEquation(equation: string, operands: readonly unknown[]): [readonly Tensor[], readonly Term[], Term | null] {
  const [left, right, ...more] = equation.split("->");
  if (more.length > 0) throw new ValueError(`einsum: "${equation}" has more than one arrow`);
  const terms = left!.split(",").map((term) => parsed(term, equation));
  if (terms.length !== operands.length) {
    throw new ValueError(`einsum: "${equation}" names ${terms.length} operands, got ${operands.length}`);
  }
  return [operands as readonly Tensor[], terms, right === undefined ? null : parsed(right, equation)];
}

function parsed(text: string, equation: string): Term {
  const term: (number | typeof ELLIPSIS)[] = [];
  const letters = text.replaceAll(" ", "");
  for (let i = 0; i < letters.length; i++) {
    if (letters.startsWith(ELLIPSIS, i)) {
      if (term.includes(ELLIPSIS)) throw new ValueError(`einsum: "${equation}" has two ellipses in one term`);
      term.push(ELLIPSIS);
      i += 2;
    } else if (/[A-Z]/.test(letters[i]!)) term.push(letters.charCodeAt(i) - 65);
    else if (/[a-z]/.test(letters[i]!)) term.push(letters.charCodeAt(i) - 97 + 26);
    else throw new ValueError(`einsum: "${letters[i]}" in "${equation}" is no label: labels are letters`);
  }
  return term;
}

function byLists(args: readonly unknown[]): [readonly Tensor[], readonly Term[], Term | null] {
  const pairs = Math.floor(args.length / 2);
  const operands: Tensor[] = [];
  const terms: Term[] = [];
  for (let i = 0; i < pairs; i++) {
    operands.push(asTensor(args[2 * i], "einsum", "operands"));
    terms.push(listed(args[2 * i + 1]));
  }
  return [operands, terms, args.length % 2 === 1 ? listed(args.at(-1)) : null];
}

function listed(list: unknown): Term {
  const fits = (label: unknown): boolean =>
    label === ELLIPSIS || (Number.isInteger(label) && (label as number) >= 0 && (label as number) < 52);
  if (!Array.isArray(list) || !list.every(fits) || list.indexOf(ELLIPSIS) !== list.lastIndexOf(ELLIPSIS)) {
    throw new ValueError(`einsum: expected a list of labels in [0, 52) with one "..." at most after each operand`);
  }
  return list as Term;
}

/** How many dims the ellipsis of a term stands for. */
function depthOf(x: Tensor, term: Term, place: number): number {
  const named = term.filter((label) => label !== ELLIPSIS).length;
  const open = term.includes(ELLIPSIS);
  if (open ? x.ndim < named : x.ndim !== named) {
    throw new ValueError(
      `einsum: operand ${place}, ${show(x)}, has ${x.ndim} dims, the equation names ${open ? `at least ${named}` : named}`,
    );
  }
  return x.ndim - named;
}

function expanded(term: Term, depth: number): number[] {
  return term.flatMap((label) => (label === ELLIPSIS ? Array.from({ length: depth }, (_, i) => i - depth) : [label]));
}

function occurringOnce(terms: readonly Labels[], depth: number): number[] {
  const all = terms.flat().filter((label) => label >= 0);
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort((a, b) => a - b);
  return [...expanded([ELLIPSIS], depth), ...once];
}

function result(out: readonly number[], terms: readonly Labels[]): readonly number[] {
  for (const [i, label] of out.entries()) {
    if (out.indexOf(label) !== i) throw new ValueError(`einsum: label ${name(label)} is twice in the result`);
    if (!terms.some((term) => term.includes(label))) {
      throw new ValueError(`einsum: label ${name(label)} of the result is in no operand`);
    }
  }
  return out;
}

const name = (label: number): string =>
  label < 0 ? ELLIPSIS : String.fromCharCode(label < 26 ? label + 65 : label - 26 + 97);

// ── the sum ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A tensor whose dims have labels. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: Labels;
}

const contraction: (operands: readonly Tensor[], terms: readonly Labels[], out: Labels) => Tensor = /* @__PURE__ */ op(
  "einsum",
  "operands, terms, out",
  (operands: readonly Tensor[], terms: readonly Labels[], out: Labels) => [{ operands }, { terms, out }],
  {
    infer({ operands }, { terms, out }) {
      const code = operands[0]!.code;
      for (const x of operands) {
        if (x.code !== code) {
          throw new DTypeError(`einsum: expected operands of the same dtype, got ${operands.map(show).join(" and ")}`);
        }
      }
      const sizes = sizesOf(operands, terms);
      return spec(
        code,
        out.map((label) => sizes.get(label)!),
      );
    },
    decompose({ operands }, { terms, out }) {
      const laterThan = (i: number): Labels => [...terms.slice(i + 1).flat(), ...out];
      const ready = operands.map((x, i) => {
        const others = terms.filter((_, other) => other !== i).flat();
        return summed(withoutRepeats({ x, labels: terms[i]! }), [...others, ...out]);
      });
      const whole = ready.reduce((left, right, i) => pair(left, right, laterThan(i)));
      const { x, labels } = summed(whole, out);
      return permute(
        x,
        out.map((label) => labels.indexOf(label)),
      );
    },
    method: false,
  },
);

/** The size of each label; 1 broadcasts. */
function sizesOf(operands: readonly Spec[], terms: readonly Labels[]): ReadonlyMap<number, number> {
  const sizes = new Map<number, number>();
  for (const [i, x] of operands.entries()) {
    const term = terms[i]!;
    for (const [d, label] of term.entries()) {
      const size = x.shape[d]!;
      const known = sizes.get(label) ?? 1;
      const twice = x.shape[term.indexOf(label)]!;
      if ((known !== 1 && size !== 1 && known !== size) || twice !== size) {
        throw new ShapeError(
          `einsum: label ${name(label)} is ${size} long in operand ${i}, ${showShape(x.shape)}, and ${twice === size ? known : twice} elsewhere`,
        );
      }
      sizes.set(label, known === 1 ? size : known);
    }
  }
  return sizes;
}

/** A label twice in one operand is a diagonal. */
function withoutRepeats({ x, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, d) => labels.indexOf(label) !== d);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]!);
  const rest = labels.filter((_, d) => d !== first && d !== second);
  return withoutRepeats({ x: diagonal(x, 0, first, second), labels: [...rest, labels[second]!] });
}

/** Sums the labels that are not in `needed`. */
function summed({ x, labels }: Labelled, needed: Labels): Labelled {
  const dims = [...labels.keys()].filter((d) => !needed.includes(labels[d]!));
  if (dims.length === 0) return { x, labels };
  return { x: sum(x, dims), labels: labels.filter((_, d) => !dims.includes(d)) };
}

/** The product of two, summed over the labels that both have and nobody needs. */
function pair(left: Labelled, right: Labelled, needed: Labels): Labelled {
  const [a, b] = [withoutOnes(left, right), withoutOnes(right, left)];
  const kept = [...needed, ...a.labels.filter((label) => b.labels.includes(label))];
  const [p, q] = [summed(a, kept), summed(b, kept)];
  const shared = p.labels.filter((label) => q.labels.includes(label));
  const batch = shared.filter((label) => needed.includes(label));
  const inner = shared.filter((label) => !needed.includes(label));
  const rows = p.labels.filter((label) => !shared.includes(label));
  const columns = q.labels.filter((label) => !shared.includes(label));
  const size = ({ x, labels }: Labelled, list: Labels): number[] =>
    list.map((label) => x.shape[labels.indexOf(label)]!);
  const labels = [...batch, ...rows, ...columns];
  const shape = [...size(p, batch), ...size(p, rows), ...size(q, columns)];
  const turned = (side: Labelled, ...groups: readonly Labels[]): Tensor =>
    reshape(
      permute(
        side.x,
        groups.flat().map((label) => side.labels.indexOf(label)),
      ),
      groups.map((group) => size(side, group).reduce((product, n) => product * n, 1)),
    );
  // Without a label to sum over it is a product, element by element.
  const x =
    inner.length === 0
      ? mul(turned(p, batch, rows, []), turned(q, batch, [], columns))
      : matmul(turned(p, batch, rows, inner), turned(q, batch, inner, columns));
  return { x: reshape(x, shape), labels };
}

/** Drops dims of size 1 that the other side has longer: it broadcasts. */
function withoutOnes(side: Labelled, other: Labelled): Labelled {
  const drop = side.labels.map((label, d) => {
    const at = other.labels.indexOf(label);
    return side.x.shape[d] === 1 && at >= 0 && other.x.shape[at] !== 1;
  });
  if (!drop.includes(true)) return side;
  const keep = <T>(list: readonly T[]): T[] => list.filter((_, d) => !drop[d]);
  return { x: reshape(side.x, keep(side.x.shape)), labels: keep(side.labels) };
}
