// A reporter for node:test that writes one line of JSON: how many tests passed, failed and were
// skipped, which failed, and which files declared no test at all (node counts such a file as one passed test).

export default async function* counts(source) {
  const total = { passed: 0, failed: 0, skipped: 0, empty: [], broken: [] };
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details?.type === "suite") continue;
    const isFile = data.nesting === 0 && (data.name === data.file || data.file?.endsWith(`/${data.name}`));
    if (type === "test:fail") {
      total.failed += 1;
      total.broken.push({ name: data.name, file: data.file });
    } else if (isFile) total.empty.push(data.name);
    else if (data.skip !== undefined || data.todo !== undefined) total.skipped += 1;
    else total.passed += 1;
  }
  yield `${JSON.stringify(total)}\n`;
}
