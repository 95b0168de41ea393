// What `helm template r top WORDS` asks, answered by an engine in this process.

/** The engine whose compiled files lie in `dist`, as a function from a chart and words to what is printed or said. */
export async function renderer(dist) {
  const parts = ["render/helm", "kernel", "formats/gotemplate"].map((part) => import(`${dist}${part}/index.js`));
  const engine = Object.assign({}, ...(await Promise.all(parts)));
  return (one) => render(engine, one);
}

/** Flags of values, each with its list in the options. */
export const lists = {
  "--set": "set",
  "--set-string": "setString",
  "--set-json": "setJson",
  "--set-literal": "setLiteral",
  "--set-file": "setFile",
};
/** Flags without a value, each with its option. */
export const switches = {
  "--include-crds": "includeCrds",
  "--is-upgrade": "isUpgrade",
  "--skip-schema-validation": "skipSchemaValidation",
  "--no-hooks": "noHooks",
  "--skip-tests": "skipTests",
};
const texts = { "-n": "namespace", "--kube-version": "kubeVersion" };

/** The options that the words after `template r top` mean. */
function optionsOf({ files, flags }) {
  const given = { files: [], set: [], setString: [], setJson: [], setLiteral: [], setFile: [] };
  const options = { releaseName: "r", given, apiVersions: [], patterns: [] };
  for (const [flag, text] of flags) {
    if (flag === "-f") given.files.push({ name: text, text: files[text] });
    else if (flag === "--api-versions") options.apiVersions.push(...text.split(","));
    else if (flag === "--show-only") options.patterns.push(text);
    else if (flag in switches) options[switches[flag]] = true;
    else if (flag in texts) {
      // The command line takes an empty text for none.
      if (text !== "") options[texts[flag]] = text;
    } else given[lists[flag]].push(text);
  }
  given.readFile = (path) => {
    if (files[path] !== undefined) return files[path];
    const isFolder = path !== "" && Object.keys(files).some((name) => name.startsWith(path.replace(/\/?$/, "/")));
    const reason = isFolder ? `read ${path}: is a directory` : `open ${path}: no such file or directory`;
    throw Object.assign(new Error(), { reason });
  };
  return options;
}

function render({ formatFault, formatTemplateOutput, memoryTree, renderChart, showOnly, stringOf }, one) {
  const { patterns, ...options } = optionsOf(one);
  const chart = Object.fromEntries(
    Object.entries({ ...one.files, ...one.bytes }).flatMap(([path, data]) =>
      path.startsWith("top/") ? [[path.slice(4), data]] : [],
    ),
  );
  try {
    const rendering = renderChart(memoryTree(chart), options);
    const output = formatTemplateOutput(rendering, options);
    return { out: recorded(stringOf(patterns.length === 0 ? output : showOnly(output, patterns))) };
  } catch (thrown) {
    // The command line says it for the library.
    if (thrown.reason !== undefined) return { error: `failed parsing --set-file data: ${thrown.reason}` };
    if (["TemplateLimitError", "TemplateStackError"].includes(thrown.name)) return { limit: thrown.message };
    return thrown.name === "Fault" ? { error: recorded(formatFault(thrown)) } : { crash: thrown.stack };
  }
}

/** Bytes that are no character come out of the real one's JSON as U+FFFD. */
const recorded = (text) => text.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, "\ufffd");
