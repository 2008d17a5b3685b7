// What the page and its worker tell each other.

/** From the page. */
export type Order =
  | { readonly do: "train"; readonly images: number; readonly epochs: number }
  | { readonly do: "stop" }
  /** What the pad holds now: 28 × 28, or nothing. */
  | { readonly do: "read"; readonly digit: Float32Array | null }
  | { readonly do: "begin"; readonly with: "nothing" | "pretrained" }
  | { readonly do: "open"; readonly name: string; readonly file: ArrayBuffer }
  | { readonly do: "save" };

/** From the worker. */
export type News =
  | {
      readonly is: "ready";
      /** Which kernels run, and on how many threads. */
      readonly about: string;
      readonly threads: number;
      readonly samples: readonly Sample[];
    }
  | { readonly is: "loading" }
  | {
      readonly is: "step";
      readonly step: number;
      readonly of: number;
      readonly loss: number;
      /** Digits that were learnt from, and the time that it took. */
      readonly seen: number;
      readonly seconds: number;
    }
  | { readonly is: "testing" }
  | { readonly is: "idle" }
  /** There are other weights now; `accuracy` is null as long as nobody has tested them. */
  | { readonly is: "model"; readonly origin: string; readonly accuracy: number | null }
  /** What the digit of the pad is taken for: ten probabilities. */
  | { readonly is: "reading"; readonly probabilities: readonly number[] }
  /** What each sample is taken for. */
  | { readonly is: "sampled"; readonly digits: readonly number[] }
  | { readonly is: "file"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly is: "failed"; readonly what: string };

/** A digit of the test set. */
export interface Sample {
  readonly pixels: Uint8Array;
  readonly label: number;
}
