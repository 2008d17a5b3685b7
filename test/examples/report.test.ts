import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Digit, type Report, reportHtml } from "../../examples/support/report.ts";

const digit = (label: number, prediction: number): Digit => ({
  pixels: new Uint8Array(784).fill(200, 30, 60),
  label,
  prediction,
  confidence: 0.987,
});

const report: Report = {
  title: "MNIST <99 %>",
  subtitle: "a & b",
  figures: [["99 %", "test accuracy"]],
  losses: [2.3, 1.1, 0.4, 0.2],
  epochs: [{ loss: 0.5, accuracy: 0.991, seconds: 10, megabytes: 120 }],
  confusion: Array.from({ length: 10 }, (_, i) => Array.from({ length: 10 }, (_, j) => (i === j ? 9 : 0))),
  samples: [digit(3, 3)],
  mistakes: [digit(4, 9)],
  notes: [["The model", "Net()"]],
};

test("one file that needs nothing from outside", () => {
  const html = reportHtml(report);
  assert.not.match(html, /(src|href)=|@import|url\(/);
  assert.is(html.match(/<svg/g)?.length, 4);
  assert.not.match(html, /NaN|undefined|Infinity/);
});

test("texts are escaped", () => {
  const html = reportHtml(report);
  assert.match(html, "MNIST &#60;99 %&#62;");
  assert.match(html, "a &#38; b");
});

test("a right and a wrong digit look different, and a run too short to draw is still a page", () => {
  const html = reportHtml({ ...report, losses: [1] });
  assert.match(html, "<b>3</b> 98.70 %");
  assert.match(html, "<b>9</b> is 4");
  assert.match(html, "too few steps");
});

test.run();
