// The committed selection of recorded cases, through the public API: what `npm run golden` does for a whole folder.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadLibrary } from "./library.ts";
import { recordedFiles, unitsOf } from "./replay.ts";
import { namedReport } from "./report.ts";

const folder = fileURLToPath(new URL("../../../test/fixtures/goldens/", import.meta.url));
const library = await loadLibrary(null);
const goldens = suite("goldens");

for (const file of recordedFiles(folder)) {
  goldens(path.relative(folder, file), () => {
    const results = unitsOf(library, file, /(?:)/).flatMap((unit) => unit.run());
    const wrong = results.filter((r) => r.outcome !== "pass");
    assert.is(wrong.length, 0, namedReport(path.basename(file), wrong) || "absent, though it was there once");
  });
}

goldens.run();
