// The tape: what was recorded for a backward, and the backward itself.
//
// A node is one application of an operator. Its edges lead to the nodes that made its inputs; a leaf has a node of its
// own that collects its gradient. A node keeps the tensors that the rule declared (`saves`), the layouts and dtypes of
// its inputs, and nothing else.

import {
  AutogradError,
  DisposedError,
  DTYPES,
  isComplex,
  isDifferentiable,
  type Layout,
  ShapeError,
  sameShape,
  show,
  showShape,
} from "../core/index.ts";
import {
  Auto,
  alias,
  escape,
  type GradHook,
  isTracked,
  outside,
  popInner,
  pushFrame,
  type Recorded,
  scopes,
  Tensor,
} from "../tensor/index.ts";
import { context } from "./context.ts";
import { type Operator, spec } from "./operator.ts";
import type { Attrs, Inputs, Spec } from "./types.ts";

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

type Cotangents = (Tensor | null)[];
/** A backward that is no rule's: a custom function, a write into a view. One cotangent an edge, null where none flows. */
type Custom = (g: Cotangents, algebra: Algebra, needed: readonly boolean[]) => Cotangents;

let sequence = 0;

export class Node implements Recorded {
  readonly name: string;
  readonly operator: Operator | null;
  readonly attrs: Attrs;
  /** Grows with time: edges lead to smaller numbers. A leaf's node has 0. */
  readonly sequence: number;
  /** Where each input came from: null where no gradient is wanted. */
  readonly edges: (Node | null)[];
  readonly ports: number[];
  /** Layouts and dtypes of the inputs. */
  layouts: (Layout | null)[] = [];
  codes: number[] = [];
  /** Twins of the saved tensors in the order of `saves`, and the versions that they had. */
  saved: (Tensor | readonly Tensor[] | null)[] | null = null;
  versions: number[] | null = null;
  /** The inputs' names and list lengths, for rules that take lists. */
  form: Inputs | null = null;
  /** Layouts, dtypes and device of the outputs. */
  outs: { layout: Layout; code: number }[] = [];
  device = "";
  custom: Custom | null = null;
  /** The leaf whose gradient it collects. */
  leaf: Auto | null = null;
  hooks: { port: number; hook: GradHook }[] | null = null;
  retained: { port: number; auto: Auto }[] | null = null;
  released = false;

  constructor(
    operator: Operator | null,
    name: string,
    attrs: Attrs,
    edges: (Node | null)[],
    ports: number[],
    leaf = false,
  ) {
    this.operator = operator;
    this.name = name;
    this.attrs = attrs;
    this.edges = edges;
    this.ports = ports;
    this.sequence = leaf ? 0 : ++sequence;
  }

  /** `<AddBackward0>`, as PyTorch shows it. */
  toString(): string {
    return `<${this.name}>`;
  }

  reach(marked: Set<Recorded>): void {
    const open: Node[] = [this];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (marked.has(node)) continue;
      marked.add(node);
      for (const edge of node.edges) if (edge !== null) open.push(edge);
    }
  }

  release(): void {
    const { saved } = this;
    if (saved === null) return; // nothing is lost: it can run again
    this.released = true;
    this.saved = null;
    for (const x of saved) {
      if (x === null) continue;
      for (const one of Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor]) one.storage.unhold();
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
function edgeOf(x: Tensor): Node | null {
  if (!isTracked(x)) return null;
  const auto = x.auto!;
  if (auto.node !== null) return auto.node as Node;
  return accumulatorOf(auto, x);
}

function accumulatorOf(auto: Auto, x: { layout: Layout; code: number; device: string }): Node {
  if (auto.accumulator === null) {
    const node = new Node(null, "AccumulateGrad", {}, [], [], true);
    node.leaf = auto;
    node.outs = [{ layout: x.layout, code: x.code }];
    node.device = x.device;
    auto.accumulator = node;
  }
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
  const differentiable = differentiableOutputs(operator, outs);
  if (rule.vjp === undefined || !differentiable.includes(true)) return;
  const node = nodeFor(operator, flat, attrs, outs, inputs);
  for (let i = 0; i < outs.length; i++) {
    if (!differentiable[i]) continue;
    const y = outs[i]!;
    const auto = new Auto(true);
    auto.node = node;
    auto.port = i;
    y.auto = auto;
  }
  save(node, operator, flat, outs, inputs);
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
  const node = new Node(operator, operator.gradName, attrs, edges, ports);
  node.layouts = layouts;
  node.codes = codes;
  node.form = inputs === null || !operator.hasLists(inputs) ? null : formOf(inputs);
  node.outs = outs.map(shapeOf);
  node.device = outs[0]!.device;
  scopes.current?.note(node);
  return node;
}

const shapeOf = (x: Tensor): { layout: Layout; code: number } => ({ layout: x.layout, code: x.code });

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

/** A twin that keeps the bytes for the backward, though its original may end with its scope. */
function hold(x: Tensor, versions: number[]): Tensor {
  const twin = alias(x);
  twin.storage.refs--; // a hold is no reference: a dispose by hand takes the bytes, and the backward says so
  twin.storage.holds++;
  versions.push(x.storage.version);
  return twin;
}

function differentiableOutputs(operator: Operator, outs: readonly Tensor[]): boolean[] {
  const { differentiable, outputs } = operator.rule;
  return outs.map(
    (y, i) =>
      isDifferentiable(y.code) &&
      (differentiable === undefined || outputs === undefined || differentiable.includes(outputs[i]!)),
  );
}

// ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Notes how a view was made, so that a write through it reaches the history of its base. */
export function linkView(operator: Operator, parent: Tensor, attrs: Attrs, y: Tensor): void {
  const auto = y.auto ?? new Auto(false);
  auto.view = { parent, replay: (source) => replayView(operator, source, attrs) };
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
  const replays = chain.map((view) => view.auto!.view!.replay);
  const baseEdge = edgeOf(base);
  const write = new Node(null, "CopySlices", {}, [baseEdge, node], [base.auto?.node ? base.auto.port : 0, port]);
  write.layouts = [base.layout, x.layout];
  write.codes = [base.code, x.code];
  write.outs = [shapeOf(base)];
  write.device = base.device;
  write.custom = ([g], algebra, [baseNeeded]) => {
    const whole = algebra.clone(g!);
    const piece = replays.reduce((y, replay) => replay(y), whole);
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

// ── the backward ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface BackwardOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

/** Runs a backward that adds to the gradients of the leaves (`wanted` null), or returns those of `wanted`. */
export function runBackward(
  op: string,
  roots: readonly Tensor[],
  grads: readonly (Tensor | null)[],
  wanted: readonly Tensor[] | null,
  { retainGraph, createGraph }: BackwardOptions,
  algebra: Algebra,
): (Tensor | null)[] {
  const pending = new Map<Node, Cotangents>();
  const frame = pushFrame();
  const before = context.grad;
  context.grad = createGraph;
  const captured = new Map<string, Tensor>();
  try {
    const starts: Node[] = [];
    for (const [i, root] of roots.entries()) {
      const node = edgeOf(root);
      if (node === null)
        throw new AutogradError(`${op}: element ${i} of the tensors does not require grad and has no gradFn`);
      const g = grads[i] ?? seed(op, root, algebra);
      if (!sameShape(g.layout, root.layout)) {
        throw new ShapeError(
          `${op}: the gradient has the shape ${showShape(g.shape)}, expected that of the output, ${showShape(root.shape)}`,
        );
      }
      give(
        pending,
        node,
        root.auto!.node === null ? 0 : root.auto!.port,
        own(g, root.code, algebra),
        algebra,
        createGraph,
      );
      starts.push(node);
    }
    const targets = wanted === null ? null : new Map(wanted.map((x) => [edgeOf(x), x]));
    const places = wanted?.map((x) => ({ node: edgeOf(x), port: x.auto?.node == null ? 0 : x.auto.port })) ?? [];
    const order = sorted(starts);
    const needed = targets === null ? null : needs(order, new Set(places.map((p) => p.node)));
    for (const node of order) {
      const g = pending.get(node);
      if (g === undefined) continue;
      pending.delete(node);
      if (needed !== null && !needed.has(node)) {
        for (const x of g) x?.endScope();
        continue;
      }
      hooked(node, g, algebra);
      for (const [i, place] of places.entries()) {
        const x = g[place.port];
        if (place.node === node && x != null) captured.set(String(i), alias(x));
      }
      const stop = needed !== null && !reaches(node, needed);
      if (!stop) step(node, g, pending, needed, algebra, createGraph, op, wanted !== null);
      for (const x of g) x?.endScope();
      if (!retainGraph && node.leaf === null && !stop) node.release();
    }
    if (!retainGraph) for (const node of order) if (node.leaf === null && needed === null) node.release();
    return places.map((_, i) => captured.get(String(i)) ?? null);
  } finally {
    context.grad = before;
    popInner(frame);
  }
}

function seed(op: string, root: Tensor, algebra: Algebra): Tensor {
  if (root.numel() !== 1) {
    throw new AutogradError(
      `${op}: a gradient can be made implicitly only for one element, got ${show(root)}: give one of its shape`,
    );
  }
  if (isComplex(root.code))
    throw new AutogradError(`${op}: a gradient can be made implicitly only for real outputs, got ${show(root)}`);
  return algebra.ones(root);
}

/** A twin of a cotangent with the right dtype, that the engine may end. */
function own(g: Tensor, code: number, algebra: Algebra): Tensor {
  return alias(g.code === code ? g : algebra.cast(g, code));
}

/** All nodes that lead on from the starts, latest first. */
function sorted(starts: readonly Node[]): Node[] {
  const marked = new Set<Recorded>();
  for (const node of starts) node.reach(marked);
  return ([...marked] as Node[]).sort((a, b) => b.sequence - a.sequence);
}

/** The nodes from which one of `targets` can be reached, themselves included. */
function needs(order: readonly Node[], targets: ReadonlySet<Node | null>): Set<Node> {
  const needed = new Set<Node>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    if (targets.has(node) || node.edges.some((edge) => edge !== null && needed.has(edge))) needed.add(node);
  }
  return needed;
}

const reaches = (node: Node, needed: ReadonlySet<Node>): boolean =>
  node.edges.some((edge) => edge !== null && needed.has(edge));

/** Adds a cotangent (the engine's own twin) to what waits at a node's output. */
function give(
  pending: Map<Node, Cotangents>,
  node: Node,
  port: number,
  g: Tensor,
  algebra: Algebra,
  createGraph: boolean,
): void {
  let slots = pending.get(node);
  if (slots === undefined) {
    slots = new Array<Tensor | null>(node.outs.length).fill(null);
    pending.set(node, slots);
  }
  const there = slots[port] ?? null;
  if (there === null) {
    slots[port] = g;
    return;
  }
  if (!createGraph && there.storage.refs === 1 && there.storage.holds === 0 && there.layout.contiguous) {
    algebra.accumulate(there, g);
    g.endScope();
    return;
  }
  const frame = pushFrame();
  const sum = algebra.add(there, g);
  slots[port] = alias(sum);
  popInner(frame);
  there.endScope();
  g.endScope();
}

function hooked(node: Node, g: Cotangents, algebra: Algebra): void {
  for (const { port, hook } of node.hooks ?? []) {
    const x = g[port];
    if (x == null) continue;
    const shown = alias(x); // a tensor of its own, that the engine's bookkeeping does not end
    const answer = hook(shown);
    if (answer != null && answer !== shown) {
      g[port] = own(answer, node.outs[port]!.code, algebra);
      x.endScope();
    }
  }
  for (const { port, auto } of node.retained ?? []) {
    const x = g[port];
    if (x != null) collect(auto, x, algebra);
  }
}

/** Adds to a leaf's gradient. */
function collect(auto: Auto, g: Tensor, algebra: Algebra): void {
  if (context.grad) escape();
  if (auto.grad === null || auto.grad.isDisposed) {
    const unshared = g.storage.refs === 1 && g.layout.contiguous && g.offset === 0;
    // The gradient outlives every scope.
    auto.grad = unshared || context.grad ? alias(g) : outside(() => algebra.clone(g));
    return;
  }
  const sum = auto.grad;
  if (context.grad) auto.grad = outside(() => algebra.add(sum, g));
  else algebra.accumulate(sum, g);
}

/** One node: collects at a leaf, else calls the thunks that are needed and passes their cotangents on. */
function step(
  node: Node,
  g: Cotangents,
  pending: Map<Node, Cotangents>,
  needed: ReadonlySet<Node> | null,
  algebra: Algebra,
  createGraph: boolean,
  op: string,
  capturing: boolean,
): void {
  if (node.leaf !== null) {
    if (!capturing && g[0] != null) collect(node.leaf, g[0], algebra);
    return;
  }
  if (node.released) {
    throw new AutogradError(
      `${op}: trying to go backward through the graph a second time: what ${node.name} saved was freed; say { retainGraph: true } the first time`,
    );
  }
  const frame = pushFrame();
  try {
    const wants = node.edges.map((edge) => edge !== null && (needed === null || needed.has(edge)));
    if (node.custom !== null) {
      const results = node.custom(g, algebra, wants);
      for (const [i, edge] of node.edges.entries()) {
        const x = results[i];
        if (edge !== null && wants[i] && x != null) pass(pending, node, i, edge, x, algebra, createGraph);
      }
      return;
    }
    const { rule } = node.operator!;
    const saved = unpack(node, op);
    const specs = specsOf(node);
    const cotangent = rule.outputs === undefined ? g[0]! : node.operator!.outputs(g);
    const thunks = rule.vjp!(cotangent as never, saved as never, node.attrs, specs as never) as Record<string, unknown>;
    let i = 0;
    for (const name of node.form === null ? node.operator!.inputNames : Object.keys(node.form)) {
      const thunk = thunks[name] as (() => Tensor) | ((place: number) => Tensor) | null | undefined;
      const count =
        node.form !== null && Array.isArray(node.form[name]) ? (node.form[name] as readonly unknown[]).length : -1;
      for (let place = 0; place < Math.abs(count); place++, i++) {
        const edge = node.edges[i]!;
        if (edge === null || !wants[i] || thunk == null) continue;
        pass(pending, node, i, edge, thunk(place), algebra, createGraph);
      }
    }
  } finally {
    popInner(frame);
  }
}

/** What is known of the inputs, by name. */
function specsOf(node: Node): Record<string, Spec | null | readonly (Spec | null)[]> {
  const at = (i: number): Spec | null => (node.layouts[i] === null ? null : spec(node.codes[i]!, node.layouts[i]!));
  const out: Record<string, Spec | null | readonly (Spec | null)[]> = {};
  let i = 0;
  if (node.form === null) for (const name of node.operator!.inputNames) out[name] = at(i++);
  else {
    for (const name in node.form) {
      const list = node.form[name];
      out[name] = Array.isArray(list) ? list.map(() => at(i++)) : at(i++);
    }
  }
  return out;
}

/** Brings a cotangent to the shape and dtype of its input and hands it on. */
function pass(
  pending: Map<Node, Cotangents>,
  node: Node,
  i: number,
  edge: Node,
  x: Tensor,
  algebra: Algebra,
  createGraph: boolean,
): void {
  const layout = node.layouts[i]!;
  const code = node.codes[i]!;
  let g = x;
  if (!sameShape(g.layout, layout)) g = algebra.sumTo(g, layout.shape);
  give(pending, edge, node.ports[i]!, own(g, code, algebra), algebra, createGraph);
}

/** The saved tensors by name, none of which was written since. */
function unpack(node: Node, op: string): Record<string, Tensor | readonly Tensor[] | null> {
  const names = node.operator!.rule.saves ?? [];
  const out: Record<string, Tensor | readonly Tensor[] | null> = {};
  let version = 0;
  const checked = (x: Tensor, name: string): Tensor => {
    if (x.storage.allocation === null) {
      throw new DisposedError(
        `${op}: ${node.name} needs its ${name}, ${show(x)}, which was disposed by hand: dispose it after the backward`,
      );
    }
    const expected = node.versions![version++];
    if (x.storage.version !== expected) {
      throw new AutogradError(
        `${op}: one of the variables needed for gradient computation has been modified by an inplace operation: ${node.name} saved ${name}, ${DTYPES[x.code]}${showShape(x.shape)}, at version ${expected}, it is at version ${x.storage.version} now`,
      );
    }
    return x;
  };
  for (const [i, name] of names.entries()) {
    const x = node.saved![i]!;
    out[name] =
      x === null
        ? null
        : Array.isArray(x)
          ? (x as readonly Tensor[]).map((one) => checked(one, name))
          : checked(x as Tensor, name);
  }
  return out;
}
