// The tape: what was recorded for a backward. backward.ts runs it.
//
// A node is one application of an operator. Its edges lead to the nodes that made its inputs; a leaf has a node of its
// own that collects its gradient. A node keeps the tensors that the rule declared (`saves`), the layouts and dtypes of
// its inputs, and nothing else.

import { AutogradError, isDifferentiable, type Layout, show } from "../core/index.ts";
import {
  Auto,
  alias,
  type GradHook,
  isTracked,
  type Recorded,
  scopes,
  Tensor,
  type ViewLink,
} from "../tensor/index.ts";
import { context } from "./context.ts";
import type { Operator } from "./operator.ts";
import type { AnyRule, Attrs, Inputs } from "./types.ts";

/** The operators that the engine itself needs; they are differentiable, so that a backward can be differentiated. */
export interface Algebra {
  add(a: Tensor, b: Tensor): Tensor;
  /** Adds b to a in place; a is the engine's own. */
  accumulate(a: Tensor, b: Tensor): void;
  sumTo(x: Tensor, shape: readonly number[]): Tensor;
  /** To another dtype; of a complex number to a real one the real part. */
  cast(x: Tensor, code: number): Tensor;
  /** A dense copy. */
  clone(x: Tensor): Tensor;
  /** Sets a tensor, or what a view shows of one, to zero. */
  zero(x: Tensor): void;
  ones(like: Tensor): Tensor;
}

/** What came to a node's outputs, null where nothing did. */
export type Cotangents = (Tensor | null)[];
/** A backward that is no rule's: a custom function, a write into a view. One cotangent an edge, null where none flows. */
type Custom = (g: Cotangents, algebra: Algebra, needed: readonly boolean[]) => Cotangents;

let sequence = 0;

export class Node implements Recorded {
  name: string;
  readonly operator: Operator | null;
  readonly attrs: Attrs;
  /** Grows with time: edges lead to smaller numbers. A leaf's node has 0. */
  readonly sequence: number;
  /** Where each input came from: null where no gradient is wanted. */
  readonly edges: readonly (Node | null)[];
  readonly ports: readonly number[];
  /** Layouts and dtypes of the inputs. */
  readonly layouts: readonly (Layout | null)[];
  readonly codes: readonly number[];
  /** Dtypes of the outputs. */
  readonly outs: readonly number[];
  /** What came to the outputs so far, in the backward that is on its way; null where nothing did. */
  waiting: Cotangents | null = null;
  /** Twins of the saved tensors in the order of `saves`, and the versions that they had. */
  saved: (Tensor | readonly Tensor[] | null)[] | null = null;
  versions: number[] | null = null;
  /** The inputs' names and list lengths, for rules that take lists. */
  form: Inputs | null = null;
  custom: Custom | null = null;
  /** The leaf whose gradient it collects. */
  readonly leaf: Auto | null;
  hooks: { port: number; hook: GradHook }[] | null = null;
  retained: { port: number; auto: Auto }[] | null = null;
  released = false;
  visit = 0;

  constructor(
    operator: Operator | null,
    name: string,
    attrs: Attrs,
    edges: readonly (Node | null)[],
    ports: readonly number[],
    layouts: readonly (Layout | null)[],
    codes: readonly number[],
    outs: readonly number[],
    leaf: Auto | null = null,
  ) {
    this.operator = operator;
    this.name = name;
    this.attrs = attrs;
    this.edges = edges;
    this.ports = ports;
    this.layouts = layouts;
    this.codes = codes;
    this.outs = outs;
    this.leaf = leaf;
    this.sequence = leaf === null ? ++sequence : 0;
  }

  /** `<AddBackward0>`, as PyTorch shows it. */
  toString(): string {
    return `<${this.name}>`;
  }

  reach(visit: number, oldest: number): void {
    const open: Node[] = [this];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.sequence < oldest || node.visit === visit) continue;
      node.visit = visit;
      const { edges } = node;
      for (let i = 0; i < edges.length; i++) if (edges[i] !== null) open.push(edges[i]!);
    }
  }

  release(): void {
    const { saved } = this;
    if (saved === null) return; // nothing is lost: it can run again
    this.released = true;
    this.saved = null;
    for (let i = 0; i < saved.length; i++) {
      const x = saved[i]!;
      if (x instanceof Tensor) x.storage.unhold();
      else if (x !== null) for (const one of x) one.storage.unhold();
    }
  }
}

// Node's util.inspect asks for this.
Object.defineProperty(Node.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Node) {
    return String(this);
  },
});

// ── recording ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** True if a gradient is wanted of one of them. */
export function anyTracked(flat: readonly (Tensor | null)[]): boolean {
  for (let i = 0; i < flat.length; i++) {
    const x = flat[i]!;
    if (x !== null && x.auto !== null && isTracked(x)) return true;
  }
  return false;
}

/** The node that a tensor's gradient goes to; null where none is wanted. */
export function edgeOf(x: Tensor): Node | null {
  if (!isTracked(x)) return null;
  const auto = x.auto!;
  if (auto.node !== null) return auto.node as Node;
  auto.accumulator ??= new Node(null, "AccumulateGrad", {}, [], [], [], [], [x.code], auto);
  return auto.accumulator as Node;
}

/** The node on whose first output a hook of `x` belongs. Throws AutogradError where no gradient is wanted. */
export function hookPlace(x: Tensor, op: string): { node: Node; port: number } {
  const node = edgeOf(x);
  if (node === null) throw new AutogradError(`${op}: ${show(x)} does not require grad`);
  return { node, port: x.auto!.node === null ? 0 : x.auto!.port };
}

/** Records one application: `outs` get their place on the tape. */
export function record(
  operator: Operator,
  flat: readonly (Tensor | null)[],
  attrs: Attrs,
  outs: readonly Tensor[],
  inputs: Inputs | null,
): void {
  const { rule } = operator;
  if (rule.vjp === undefined) return;
  let node: Node | null = null;
  for (let i = 0; i < outs.length; i++) {
    const y = outs[i]!;
    if (!isDifferentiableOutput(rule, y, i)) continue;
    node ??= nodeFor(operator, flat, attrs, outs, inputs);
    const auto = new Auto(true);
    auto.node = node;
    auto.port = i;
    y.auto = auto;
  }
  if (node !== null) save(node, operator, flat, outs, inputs);
}

/** Runs a formula that is no operator of its own but one of PyTorch's, whose name its node then shows. */
export function underNode<T extends Tensor>(name: string, formula: () => T): T {
  const before = nodesSoFar();
  const y = formula();
  nameNodes([y], before, name);
  return y;
}

/** How many nodes there have been. */
export function nodesSoFar(): number {
  return sequence;
}

/** Gives the nodes that a formula ended with the operator's own name; not those that were there before it. */
export function nameNodes(results: readonly Tensor[], before: number, name: string): void {
  for (const { auto } of results) {
    const node = (auto?.node ?? null) as Node | null;
    if (node !== null && node.sequence > before) node.name = name;
  }
}

/** A node with its edges, without what it saves. */
export function nodeFor(
  operator: Operator,
  flat: readonly (Tensor | null)[],
  attrs: Attrs,
  outs: readonly Tensor[],
  inputs: Inputs | null,
): Node {
  const n = flat.length;
  const edges = new Array<Node | null>(n);
  const ports = new Array<number>(n);
  const layouts = new Array<Layout | null>(n);
  const codes = new Array<number>(n);
  for (let i = 0; i < n; i++) {
    const x = flat[i]!;
    if (x === null) {
      edges[i] = null;
      ports[i] = 0;
      layouts[i] = null;
      codes[i] = 0;
      continue;
    }
    edges[i] = x.auto === null ? null : edgeOf(x);
    ports[i] = x.auto === null || x.auto.node === null ? 0 : x.auto.port;
    layouts[i] = x.layout;
    codes[i] = x.code;
  }
  const name = operator.nodeName(inputs, attrs);
  const node = new Node(operator, name, attrs, edges, ports, layouts, codes, codesOf(outs));
  if (inputs !== null && operator.hasLists(inputs)) node.form = formOf(inputs);
  scopes.current?.note(node);
  return node;
}

/** The dtypes of a node's outputs. */
export function codesOf(outs: readonly Tensor[]): number[] {
  const codes: number[] = [];
  for (let i = 0; i < outs.length; i++) codes.push(outs[i]!.code);
  return codes;
}

/** Names and list lengths without the tensors. */
function formOf(inputs: Inputs): Inputs {
  const form: Record<string, unknown> = {};
  for (const name in inputs)
    form[name] = Array.isArray(inputs[name]) ? new Array(inputs[name].length).fill(null) : null;
  return form as Inputs;
}

/** Keeps what the rule declares. */
export function save(
  node: Node,
  operator: Operator,
  flat: readonly (Tensor | null)[],
  outs: readonly Tensor[],
  inputs: Inputs | null,
): void {
  const { saves, outputs } = operator.rule;
  if (saves === undefined || saves.length === 0) return;
  const saved = new Array<Tensor | readonly Tensor[] | null>(saves.length);
  const versions: number[] = [];
  for (let i = 0; i < saves.length; i++) {
    const name = saves[i]!;
    const at = outputs === undefined ? (name === "out" ? 0 : -1) : outputs.indexOf(name);
    const x = at >= 0 ? outs[at]! : inputs === null ? flat[operator.inputNames.indexOf(name)]! : inputs[name]!;
    if (x === null) saved[i] = null;
    else if (Array.isArray(x)) {
      saved[i] = (x as readonly Tensor[]).map((one) => hold(one, versions));
    } else saved[i] = hold(x as Tensor, versions);
  }
  node.saved = saved;
  node.versions = versions;
}

/** Keeps tensors for a custom backward, and gives the twins that it may read until the node is released. */
export function keepFor(node: Node, tensors: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  if (tensors.length === 0) return tensors;
  const versions: number[] = [];
  const twins = tensors.map((x) => (x === null ? null : hold(x, versions)));
  node.saved = twins;
  node.versions = versions;
  return twins;
}

/** A twin that keeps the bytes for the backward, though its original may end with its scope. */
function hold(x: Tensor, versions: number[]): Tensor {
  const twin = alias(x);
  twin.storage.refs--; // a hold is no reference: a dispose by hand takes the bytes, and the backward says so
  twin.storage.holds++;
  versions.push(x.storage.version);
  return twin;
}

function isDifferentiableOutput({ differentiable, outputs }: AnyRule, y: Tensor, i: number): boolean {
  if (!isDifferentiable(y.code)) return false;
  return differentiable === undefined || outputs === undefined || differentiable.includes(outputs[i]!);
}

// ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A view operator with its attributes: a class, for a closure would be one more object of each view. */
class Link implements ViewLink {
  readonly operator: Operator;
  readonly parent: Tensor;
  readonly attrs: Attrs;

  constructor(operator: Operator, parent: Tensor, attrs: Attrs) {
    this.operator = operator;
    this.parent = parent;
    this.attrs = attrs;
  }

  replay(source: Tensor): Tensor {
    return replayView(this.operator, source, this.attrs);
  }
}

/** Notes how a view was made, so that a write through it reaches the history of its base. */
export function linkView(operator: Operator, parent: Tensor, attrs: Attrs, y: Tensor): void {
  const auto = y.auto ?? new Auto(false);
  auto.view = new Link(operator, parent, attrs);
  auto.version = y.storage.version;
  y.auto = auto;
}

/** The same view of another tensor. The source may be disposed already: only layouts and history are asked for. */
function replayView(operator: Operator, source: Tensor, attrs: Attrs): Tensor {
  const { layout, offset, code } = operator.rule.view!(source, attrs);
  const y = new Tensor(source.storage, code ?? source.code, layout, offset);
  const before = context.grad;
  context.grad = true;
  try {
    if (isTracked(source)) record(operator, [source], attrs, [y], null);
    linkView(operator, source, attrs, y);
  } finally {
    context.grad = before;
  }
  return y;
}

/**
 * After an in-place operator: `node` is what made x's new values. Where x is a view, the base's new history is the old
 * one with the viewed part replaced.
 */
export function rebind(x: Tensor, node: Node, port: number): void {
  const auto = x.auto ?? new Auto(true);
  x.auto = auto;
  if (auto.view === null) {
    auto.node = node;
    auto.port = port;
    auto.requiresGrad = true;
    return;
  }
  const chain: Tensor[] = [];
  let base = x;
  while (base.auto?.view) {
    chain.unshift(base);
    base = base.auto.view.parent;
  }
  const links = chain.map((view) => view.auto!.view!);
  const baseEdge = edgeOf(base);
  const ports = [base.auto?.node ? base.auto.port : 0, port];
  const codes = [base.code, x.code];
  const write = new Node(null, "CopySlices", {}, [baseEdge, node], ports, [base.layout, x.layout], codes, [base.code]);
  write.custom = ([g], algebra, [baseNeeded]) => {
    const whole = algebra.clone(g!);
    const piece = links.reduce((y, link) => link.replay(y), whole);
    const pieceGrad = algebra.clone(piece);
    if (baseNeeded) algebra.zero(piece);
    return [baseNeeded ? whole : null, pieceGrad];
  };
  const baseAuto = base.auto ?? new Auto(true);
  base.auto = baseAuto;
  baseAuto.node = write;
  baseAuto.port = 0;
  baseAuto.requiresGrad = true;
  scopes.current?.recorded?.push(write);
  // x and every other view of the base find their nodes anew: the version has changed.
  auto.version = -1;
}
