// Arguments of what is no operator (modules, optimizers, functions over them): the same rule, bound by name.
//
//   new Conv2d(1, 32, 3, { padding: 1 })   is   Conv2d(1, 32, 3, padding=1)
//   new Conv2d(1, 32, 3, 1, 1)             is   Conv2d(1, 32, 3, 1, 1)

import { bindArguments, isPlain, signature } from "./bind.ts";

/**
 * The forms of a call: `R` by position, then any leading part of `O` by position, then what is left by name in one
 * object; or some of `R` by position and the others by name too; or all of `K` by name.
 */
export type Arguments<K, R extends readonly unknown[], O extends readonly unknown[] = []> =
  | [...R, ...Leading<Required<O>>, options?: Some<K>]
  | [...Begun<R>, options: Some<K> & NeededOf<K>]
  | [all: { [P in keyof K]: K[P] | (IsNeeded<K, P> extends true ? never : undefined) }];

type Some<K> = { [P in keyof K]?: K[P] | undefined };
type Leading<O extends readonly unknown[]> = O extends readonly [...infer Most, unknown] ? O | Leading<Most> : [];
/** What of `R` may stand before an object that has the rest: from the first on, without the last. */
type Begun<R extends readonly unknown[]> = R extends readonly [...infer Most, unknown]
  ? Exclude<Leading<Most>, []>
  : never;
type IsNeeded<K, P extends keyof K> = Pick<K, P> extends Required<Pick<K, P>> ? true : false;
/** One required argument at least: which are given by position, a type cannot know. */
type NeededOf<K> = { [P in keyof K]-?: IsNeeded<K, P> extends true ? { [N in P]: K[N] } : never }[keyof K];

/** Every argument by name, the defaults filled in. */
export type Bound<K> = { [P in keyof K]-?: Exclude<K[P], undefined> };

/**
 * A binder for the arguments of `name`, written as PyTorch documents them: "inFeatures, outFeatures, bias?, *, dtype?".
 *
 * It throws a TypeError for an argument too many, a missing one, a name that does not exist, and one that is given both
 * ways. A last object is options, unless it stands where a required argument is due: that may itself be a mapping.
 */
export function keywords<K extends object>(
  name: string,
  text: string,
  defaults: { readonly [P in keyof K]?: K[P] } = {},
): (args: readonly unknown[]) => Bound<K> {
  let least = -1; // required arguments; counted when it is first called, so that a declaration costs nothing
  return (args) => {
    const { names, required } = signature(text);
    if (least < 0) least = required.filter((needed) => needed).length;
    if (args.length === 0 && least === 0) return { ...defaults } as Bound<K>;
    const last = args[args.length - 1];
    const mapping = args.length <= least && isPlain(last) && !Object.keys(last).some((key) => names.includes(key));
    const values = bindArguments(name, text, mapping ? [...args, {}] : args);
    const bound: Record<string, unknown> = { ...defaults };
    for (let i = 0; i < names.length; i++) if (values[i] !== undefined) bound[names[i]!] = values[i];
    return bound as Bound<K>; // every name is there: what was given, or its default
  };
}
