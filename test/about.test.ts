// Questions about tensors and dtypes; the numbers are those of PyTorch's documentation.
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("what is a tensor, and how much of one", () => {
  assert.ok(fl.isTensor(fl.ones(2)));
  assert.not(fl.isTensor([1]));
  assert.is(fl.numel(fl.ones(2, 3)), 6);
  assert.ok(fl.isNonzero(fl.tensor([Number.NaN])));
  assert.ok(fl.isNonzero(fl.tensor(fl.complex(0, 2))));
  assert.not(fl.isNonzero(fl.tensor(fl.complex(0, 0))));
  assert.not(fl.isNonzero(fl.tensor(0)));
  assert.throws(() => fl.isNonzero(fl.ones(2)), /isNonzero: float32\[2\] has 2 elements, expected exactly 1/);
});

test("dtypes of results and casts", () => {
  assert.is(fl.resultType(fl.ones(2, { dtype: "int32" }), 1), "int32");
  assert.is(fl.resultType(fl.ones(2, { dtype: "int32" }), fl.Float(1)), "float32");
  assert.is(fl.resultType(fl.ones(2), fl.tensor(1, { dtype: "float64" })), "float32");
  assert.ok(fl.canCast("int64", "float16"));
  assert.not(fl.canCast("float32", "int64"));
  assert.not(fl.canCast("uint8", "bool"));
});

test("limits", () => {
  assert.equal(
    [fl.finfo().eps, fl.finfo("float16").max, fl.finfo("bfloat16").tiny, fl.finfo("float64").max],
    [2 ** -23, 65504, 2 ** -126, Number.MAX_VALUE],
  );
  assert.is(fl.finfo("complex64").max, 3.4028234663852886e38);
  assert.equal([fl.iinfo("int8").min, fl.iinfo("uint8").max, fl.iinfo("int64").max], [-128, 255, 2n ** 63n - 1n]);
  assert.throws(() => fl.iinfo("float32"), /iinfo: float32 is no integer dtype/);
  assert.throws(() => fl.finfo("int8"), /finfo: int8 is no floating point dtype/);
});

test("defaults", () => {
  assert.throws(() => fl.setDefaultDevice("abacus"), /setDefaultDevice: no device "abacus" here/);
  assert.is(fl.getDefaultDevice(), "cpu");
  fl.setPrintoptions({ precision: 2 });
  assert.is(String(fl.tensor([Math.PI])), "tensor([3.14])");
  fl.setPrintoptions({ profile: "default" });
});

test.run();
