// A vitest reporter that ends the run with one line `N passed, N failed`; before it, a line for each test that failed or that
// passed only when tried again, so that the end of a long log tells what to look at.
export default class PassedFailed {
  onTestRunEnd(modules, errors) {
    let passed = 0;
    let failed = errors.length;
    const notable = errors.map((error) => `FAILED: outside any test: ${firstLine(error)}`);
    for (const module of modules) {
      for (const error of module.errors()) notable.push(`FAILED: ${module.relativeModuleId}: ${firstLine(error)}`);
      if (module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state, errors: reasons } = test.result();
        const name = `${module.relativeModuleId} > ${test.fullName}`;
        if (state === "passed") passed += 1;
        if (state === "failed") failed += 1;
        if (state === "failed") notable.push(`FAILED: ${name}: ${firstLine(reasons?.[0])}`);
        else if (test.diagnostic()?.flaky)
          notable.push(`UNSTEADY (passed when tried again): ${name}: ${firstLine(reasons?.[0])}`);
      }
    }
    process.stdout.write(`\n${notable.map((line) => `${line}\n`).join("")}${passed} passed, ${failed} failed\n`);
  }
}

function firstLine(error) {
  return String(error?.message ?? error ?? "")
    .split("\n", 1)[0]
    .slice(0, 300);
}
