// In-place forms. None is written by hand: `add_` is add with its result in place of its first input.

import {
  AutogradError,
  DTYPES,
  DTypeError,
  dense,
  isDifferentiable,
  KIND,
  type Layout,
  ShapeError,
  sameShape,
  show,
  showShape,
  underName,
} from "../core/index.ts";
import {
  Auto,
  allocate,
  assertAlive,
  isTracked,
  popInner,
  pushFrame,
  type ScopeFrame,
  sameBackend,
  Tensor,
} from "../tensor/index.ts";
import { context, noGrad } from "./context.ts";
import { dispatch, elementwiseInto, evaluate, inferred, pointwiseInto } from "./dispatch.ts";
import { copyInto, MissingKernel } from "./launch.ts";
import { Operator, operatorOf, publish } from "./operator.ts";
import { anyTracked, type Node, nodeFor, rebind, save } from "./tape.ts";
import type { Attrs, Inputs, Spec } from "./types.ts";

/** A shorter way to write over `x`, for arguments that it takes; null, and nothing is done, for others. */
type Shortcut = (x: Tensor, ...rest: readonly unknown[]) => Tensor | null;

/**
 * The in-place form of an operator: writes the result over the first argument and returns it. Where nobody interprets the
 * shortcut is asked first.
 */
export function inPlace<F>(f: F, shortcut?: Shortcut): F {
  const operator = operatorOf(f);
  const name = `${operator.name}_`;
  const renamed = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      throw underName(error, operator.name, name);
    }
  };
  // An operator of its own, so that an interpreter sees a write as a write.
  const form = new Operator(name, operator.signature, operator.bind, operator.rule);
  form.run = (inputs, attrs) =>
    renamed(() => write(operator, name, operator.flatten(inputs)[0] as Tensor, inputs, attrs));
  const call = (...args: unknown[]): unknown => {
    const [x, ...rest] = args;
    if (!(x instanceof Tensor)) throw new TypeError(`${name}: expected a Tensor to write into`);
    const written = shortcut === undefined || context.interpreter !== null ? null : renamed(() => shortcut(x, ...rest));
    if (written !== null) return written;
    const { inputs, attrs } = renamed(() => operator.bound(args));
    return dispatch(form, inputs, attrs);
  };
  return publish(form, call as (...args: never[]) => unknown) as unknown as F;
}

/** The in-place form of a view: the first argument becomes the view of what it was, and is returned. */
export function viewInPlace<F>(f: F): F {
  const viewed = f as unknown as (x: Tensor, ...args: unknown[]) => Tensor;
  const { opName } = f as unknown as { readonly opName: string };
  const name = `${opName}_`;
  const call = (x: Tensor, ...args: unknown[]): Tensor => {
    if (!(x instanceof Tensor)) throw new TypeError(`${name}: expected a Tensor to write into`);
    assertWritable(x, name);
    const frame = pushFrame();
    try {
      const y = viewed(x, ...args);
      const link = x.auto?.view ?? null;
      x.layout = y.layout;
      x.offset = y.offset;
      if (y.auto?.node) {
        x.auto ??= new Auto(true);
        x.auto.node = y.auto.node;
        x.auto.port = y.auto.port;
        if (link !== null) x.auto.view = { parent: link.parent, replay: (base) => viewed(link.replay(base), ...args) };
        markEscape(x, frame.previous);
      }
      return x;
    } catch (error) {
      throw underName(error, opName, name);
    } finally {
      popInner(frame);
    }
  };
  return Object.assign(call, { opName: name }) as unknown as F;
}

/** Throws unless `x` may be written now. */
export function assertWritable(x: Tensor, name: string): void {
  assertAlive(x, name);
  if (overlapsItself(x.layout)) {
    throw new ShapeError(
      `${name}: ${show(x)} with strides ${showShape(x.layout.strides)} shows an element more than once: clone() it before writing`,
    );
  }
  if (!context.grad || !isTracked(x)) return;
  if (x.isLeaf)
    throw new AutogradError(
      `${name}: a leaf tensor that requires grad is being used in an in-place operation: do it in noGrad, or on a clone`,
    );
  let base = x;
  while (base.auto?.view) base = base.auto.view.parent;
  if (base !== x && isTracked(base) && base.isLeaf) {
    throw new AutogradError(
      `${name}: a view of a leaf tensor that requires grad is being used in an in-place operation: do it in noGrad, or on a clone`,
    );
  }
}

/** Throws unless a result can be written over `x`. */
export function assertFits(x: Tensor, result: Spec, name: string): void {
  if (!sameShape(result.layout, x.layout)) {
    throw new ShapeError(
      `${name}: the result has the shape ${showShape(result.shape)}, which does not fit into ${show(x)}`,
    );
  }
  if (KIND[result.code]! > KIND[x.code]!) {
    throw new DTypeError(
      `${name}: the result type ${DTYPES[result.code]} cannot be cast to the type written into, ${DTYPES[x.code]}`,
    );
  }
}

function overlapsItself(layout: Layout): boolean {
  if (layout.contiguous) return false;
  return layout.strides.some((stride, d) => stride === 0 && layout.shape[d]! > 1);
}

function write(operator: Operator, name: string, x: Tensor, inputs: Inputs, attrs: Attrs): Tensor {
  assertWritable(x, name);
  const flat = operator.flatten(inputs);
  for (const other of flat) {
    if (other === null) continue;
    assertAlive(other, name);
    sameBackend(x, other, name);
  }
  const [out] = inferred(operator, inputs, attrs);
  assertFits(x, out!, name);
  const tracked = context.grad && isDifferentiable(x.code) && anyTracked(flat);
  const frame = pushFrame();
  try {
    if (!tracked) compute(operator, x, flat, inputs, attrs, out!.code);
    else if (operator.rule.vjp === undefined) {
      // A formula without a derivative of its own: its result has the history, or there is none from here on. What it
      // keeps of x is x as it was.
      const old = copyOf(x);
      const before = flat.map((t) => (t === x ? old : t));
      const result = evaluate(operator, operator.rebuild(inputs, before), attrs) as Tensor;
      copyInto(x, result);
      x.storage.version++;
      rebind(x, (result.auto?.node as Node | undefined) ?? endOfHistory(operator, x), result.auto?.port ?? 0);
      markEscape(x, frame.previous);
      return x;
    } else {
      // The tape may need x as it was.
      const savesSelf = operator.rule.saves?.includes(operator.inputNames[0]!) === true;
      const old = savesSelf ? copyOf(x) : x;
      const before = savesSelf
        ? operator.rebuild(
            inputs,
            flat.map((t) => (t === x ? old : t)),
          )
        : inputs;
      const node = nodeFor(operator, operator.flatten(before), attrs, [x], before);
      compute(operator, x, flat, inputs, attrs, out!.code);
      x.storage.version++;
      rebind(x, node, 0);
      save(node, operator, operator.flatten(before), [x], before);
      markEscape(x, frame.previous);
      return x;
    }
    x.storage.version++;
  } finally {
    popInner(frame);
  }
  return x;
}

/** The values, into x. */
function compute(
  operator: Operator,
  x: Tensor,
  flat: readonly (Tensor | null)[],
  inputs: Inputs,
  attrs: Attrs,
  code: number,
): void {
  const { pointwise, into, elementwise } = operator.rule;
  if (into !== undefined && code === x.code && flat.slice(1).every((t) => t === null || t.storage !== x.storage)) {
    try {
      into(x, inputs, attrs);
      return;
    } catch (error) {
      if (!(error instanceof MissingKernel)) throw error;
    }
  }
  if (code === x.code && flat.every((t) => t === null || disjointOrSame(t, x))) {
    if (elementwise === true && elementwiseInto(operator, inputs, attrs, x)) return;
    if (pointwise !== undefined && pointwiseInto(operator, flat as Tensor[], attrs, x)) return;
  }
  copyInto(x, noGrad(() => evaluate(operator, inputs, attrs)) as Tensor);
}

/** The node of values that depend on nothing: a gradient stops there. */
function endOfHistory(operator: Operator, x: Tensor): Node {
  const node = nodeFor(operator, [], {}, [x], null);
  node.custom = () => [];
  return node;
}

/** What was recorded is reachable through x, which may be older than the scope that is open now. */
function markEscape(x: Tensor, frame: ScopeFrame | null): void {
  for (let f = frame; f !== null && !f.tensors.includes(x); f = f.previous) f.escaped = true;
}

function disjointOrSame(t: Tensor, x: Tensor): boolean {
  return t.storage !== x.storage || (t.offset === x.offset && t.layout === x.layout && t.code === x.code);
}

/** The values of x now, with its place on the tape. */
function copyOf(x: Tensor): Tensor {
  const y = allocate(x.storage.backend, x.code, dense(x.layout.shape));
  copyInto(y, x);
  if (isTracked(x)) {
    y.auto = new Auto(true);
    y.auto.node = x.auto!.node;
    y.auto.port = x.auto!.port;
  }
  return y;
}
