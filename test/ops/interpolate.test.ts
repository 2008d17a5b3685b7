import { DTypeError, manualSeed, nn, randint, tensor } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const { interpolate } = nn.functional;

test("bytes are rounded dim by dim, and stay bytes", () => {
  const row = tensor([[[[0, 255]]]], { dtype: "uint8" });
  assert.equal(interpolate(row, [1, 4], { mode: "bilinear" }).tolist(), [[[[0, 64, 191, 255]]]]);
  // A cubic goes beyond what it joins, bytes do not.
  assert.equal(interpolate(row, [1, 4], { mode: "bicubic" }).tolist(), [[[[0, 58, 197, 255]]]]);
  manualSeed(0);
  const image = randint(0, 256, [2, 3, 9, 7], { dtype: "uint8" });
  for (const mode of ["bilinear", "bicubic"] as const) {
    for (const options of [{}, { antialias: true }, { alignCorners: true }]) {
      for (const [h, w] of [
        [5, 5],
        [20, 4],
        [9, 14],
      ] as const) {
        const bytes = interpolate(image, [h, w], { mode, ...options });
        assert.is(bytes.dtype, "uint8");
        const rows = interpolate(image.double(), [9, w], { mode, ...options })
          .clamp(0, 255)
          .round();
        const exact = interpolate(rows, [h, w], { mode, ...options }).clamp(0, 255);
        const away = bytes.double().sub(exact).abs().max().item();
        // A half may be rounded to the other side in the rows, and again in the columns.
        assert.ok(away <= 1.5, `${mode} ${JSON.stringify(options)} to ${h}, ${w}: ${away} away`);
      }
    }
  }
  assert.throws(
    () => interpolate(row.squeeze(0), 3, { mode: "linear" }),
    (e: unknown) => e instanceof DTypeError,
  );
});

test.run();
