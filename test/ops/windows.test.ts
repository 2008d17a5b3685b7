import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const near = (x: fl.Tensor, want: readonly number[]): void => {
  assert.equal(x.shape, [want.length]);
  assert.ok(
    x
      .sub(fl.tensor(want, { dtype: "float32" }))
      .abs()
      .max()
      .item() < 1e-4,
    String(x),
  );
};

test("the root's windows are one period long unless told, with PyTorch's numbers", () => {
  near(fl.hannWindow(7), [0, 0.1883, 0.6113, 0.9505, 0.9505, 0.6113, 0.1883]);
  near(fl.hannWindow(6, false), [0, 0.3455, 0.9045, 0.9045, 0.3455, 0]);
  near(fl.hammingWindow(6, false), [0.08, 0.3979, 0.9121, 0.9121, 0.3979, 0.08]);
  near(fl.hammingWindow(5, true, 0.3, 0.7), [-0.4, 0.0837, 0.8663, 0.8663, 0.0837]);
  near(fl.blackmanWindow(6, { periodic: false }), [0, 0.2008, 0.8492, 0.8492, 0.2008, 0]);
  near(fl.bartlettWindow(7), [0, 0.2857, 0.5714, 0.8571, 0.8571, 0.5714, 0.2857]);
  near(fl.kaiserWindow(5, true, 3), [0.2049, 0.6247, 0.9522, 0.9522, 0.6247]);
  near(fl.hannWindow(1), [1]);
  assert.equal(fl.hannWindow(0).shape, [0]);
  assert.is(fl.hannWindow(4, { dtype: "float16", requiresGrad: true }).toString().includes("requires_grad=True"), true);
  assert.throws(() => fl.hannWindow(-1), /hannWindow: windowLength is -1/);
  assert.throws(() => fl.hannWindow(3, { dtype: "int64" }), /expected a floating one/);
});

test.run();
