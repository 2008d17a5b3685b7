// A tree of tensors and plain values in one safetensors file: the tensors as themselves, the rest as JSON beside them.
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import * as fl from "flambeau";

/** In the JSON, a tensor is an object with this one key: its name in the file. */
const TENSOR = "$tensor";

/** Writes objects and arrays of tensors, numbers, text and the like. The file is at every moment the old or the new, whole. */
export async function saveTree(file: string, tree: object): Promise<void> {
  const tensors: Record<string, fl.Tensor> = {};
  const plain = (node: unknown, name: string): unknown => {
    if (node instanceof fl.Tensor) {
      tensors[name] = node;
      return { [TENSOR]: name };
    }
    if (Array.isArray(node)) return node.map((child, i) => plain(child, `${name}.${i}`));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, plain(child, `${name}.${key}`)]));
  };
  const json = JSON.stringify(plain(tree, "tree"));
  mkdirSync(path.dirname(file), { recursive: true });
  await fl.safetensors.saveFile(tensors, file, { tree: json });
}

/** What `saveTree` wrote, or null where there is no such file. The caller knows its type. */
export async function loadTree<T extends object>(file: string): Promise<T | null> {
  if (!existsSync(file)) return null;
  const opened = await fl.safetensors.safeOpen(file);
  const json = opened.metadata()?.tree;
  await opened.close();
  if (json === undefined) throw new Error(`${file}: not a checkpoint of this program`);
  const tensors = await fl.safetensors.loadFile(file);
  const revive = (_: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && TENSOR in value ? tensors[String(value[TENSOR])] : value;
  return JSON.parse(json, revive) as T;
}
