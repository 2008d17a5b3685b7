import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { print, setPrintoptions } from "#src/tensor/printing";
import { elements, recordedBytes } from "../golden/recorded.ts";

interface Case {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
  readonly requires_grad: boolean;
  readonly grad_fn: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  readonly repr: string;
}

const printing = suite("printing");

printing.after.each(() => setPrintoptions({ profile: "default" }));

printing("what PyTorch printed, to the letter", () => {
  const file = new URL("../../../test/fixtures/printing.json", import.meta.url);
  const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];
  for (const { dtype, shape, data, requires_grad, grad_fn, options, repr } of cases) {
    const values = elements(dtype, recordedBytes({ $tensor: dtype, shape, data }));
    const complex = dtype.startsWith("complex");
    setPrintoptions({ profile: "default" });
    const { sci_mode, ...rest } = options;
    setPrintoptions({ ...rest, sciMode: (sci_mode as boolean | undefined) ?? null });
    const text = print({
      shape,
      dtype,
      read: (i, part) => (complex ? values[2 * i + part]! : values[i]!),
      requiresGrad: requires_grad,
      gradFn: grad_fn ?? undefined,
    });
    assert.is(text, repr, JSON.stringify({ dtype, shape, options }));
  }
});

const ones = { shape: [2], dtype: "float32", read: () => 1 };

printing("a device that is not the default stands first", () => {
  const text = print({ ...ones, device: "webgpu", requiresGrad: true });
  assert.is(text, "tensor([1., 1.], device='webgpu', requires_grad=True)");
});

printing("the default dtype goes without saying, and takes its complex dtype along", () => {
  const double = { ...ones, dtype: "float64", defaultDtype: "float64" };
  assert.is(print(double), "tensor([1., 1.])");
  assert.is(print({ ...double, dtype: "complex128" }), "tensor([1.+1.j, 1.+1.j])");
  assert.is(print({ ...double, dtype: "float32" }), "tensor([1., 1.], dtype=torch.float32)");
});

printing("without edge items a summary is the size alone", () => {
  setPrintoptions({ edgeitems: 0, threshold: 1 });
  assert.is(print(ones), "tensor([...], size=(2,))");
});

printing("an unknown option or profile is refused by name", () => {
  assert.throws(() => setPrintoptions({ digits: 3 } as never), /unknown option digits; there are precision/);
  assert.throws(() => setPrintoptions({ profile: "long" } as never), /unknown profile long/);
});

printing.run();
