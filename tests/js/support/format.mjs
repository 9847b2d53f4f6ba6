// The fixtures of the formats, read from their files. Not here: where they are put.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const read = (format, file) =>
  gunzipSync(readFileSync(new URL(`../../fixtures/format-${format}/${file}.json.gz`, import.meta.url))).toString();

/** The database and what must be seen of it, as texts of JSON. */
export const fixture = (format) => ({ database: read(format, "database"), expected: read(format, "expected") });
