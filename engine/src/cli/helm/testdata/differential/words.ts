// What is printed beside the real helm: the releases that are read, the readings, and actions whose output is compared.

const everything = "hooks.preJob=well,hooks.testOne=well,hooks.testTwo=well";

/** Made by the real helm, in this order. */
export const state: readonly (readonly string[])[] = [
  ["install", "web", "CHART1", "-n", "shop", "--set", `${everything},greeting=a,data.x=1`, "-l", "team=red,tier=1"],
  ["test", "web", "-n", "shop"],
  ["upgrade", "web", "CHART2", "-n", "shop", "--reuse-values", "--set", "extra=secret,number=1.5", "--description", "by hand, <for> now"],
  ["rollback", "web", "1", "-n", "shop"],
  ["upgrade", "web", "CHART2", "-n", "shop", "--set", "bad=text"],
  ["install", "plain", "CHART1", "-n", "shop", "--server-side=false"],
  ["install", "gone", "CHART1", "-n", "shop"],
  ["uninstall", "gone", "-n", "shop", "--keep-history"],
  ["install", "far", "CHART2", "-n", "other", "-l", "team=blue"],
];

/** A command with each of these flags; `mask` takes out what differs from call to call. */
export type Reading = { words: string; flags: readonly string[]; mask?: (text: string) => string };

/** Without ages, and the groups of objects in one order: helm's is random. */
function withoutAges(text: string): string {
  const plain = text.replaceAll(/\b(\d+[smhd])+$/gm, "AGE");
  const match = /^(RESOURCES:\n)([\s\S]*?\n)(\n?(?:TEST SUITE|NOTES):)/m.exec(plain);
  if (match === null) return plain;
  const groups = (match[2] ?? "").split(/^(?===> )/m).sort();
  return plain.replace(match[0], `${match[1]}${groups.join("")}${match[3]}`);
}
const formats = ["", "-o json", "-o yaml"];

export const readings: readonly Reading[] = [
  {
    words: "list",
    flags: [
      ...["", "-o json", "-o yaml", "-q", "-q -o json", "--no-headers", "-r", "--max 1", "--offset 1"].map((more) => `${more} -n shop`.trim()),
      "-A", "-A -o json", "-A -l team=blue", "-A -l team!=blue", "-A -l team", "-A -l !team", "-A -f ^w", "-A -f nothing",
      "-A -f nothing -o json", "-A -f nothing -o yaml",      ...["deployed", "failed", "pending", "superseded", "uninstalled", "uninstalling"].map((status) => `-A --${status}`),
      "-A --deployed --uninstalled", "-n shop --time-format 2006-01-02", "-n absent",
    ],
  },
  // Helm's order by date looks at the second within the minute alone.
  { words: "list", flags: ["-d -n shop", "-d -r -n shop"], mask: (text) => text.split("\n").sort().join("\n") },
  {
    words: "history web",
    flags: [
      ...formats.map((format) => `${format} -n shop`.trim()),
      "-n shop --max 2", "-n shop --max 2 -o json", "-n shop --show-rollback-revision", "-n shop --show-rollback-revision -o json", "-n absent",
    ],
  },
  { words: "status web", mask: withoutAges, flags: [...formats.map((format) => `${format} -n shop`.trim()), "-n shop --revision 1", "-n shop --revision 2", "-n shop --revision 9", "-n absent"] },
  { words: "status gone", flags: ["-n shop", "-n shop -o json"] },
  { words: "get values web", flags: [...formats.flatMap((format) => [`${format} -n shop`.trim(), `${format} -n shop --all`.trim()]), "-n shop --revision 1", "-n shop --revision 2 --all", "-n shop --revision 9"] },
  { words: "get values plain", flags: formats.map((format) => `${format} -n shop`.trim()) },
  { words: "get manifest web", flags: ["-n shop", "-n shop --revision 1", "-n absent"] },
  { words: "get hooks web", flags: ["-n shop", "-n shop --revision 1"] },
  { words: "get hooks plain", flags: ["-n shop"] },
  { words: "get notes web", flags: ["-n shop"] },
  { words: "get metadata web", flags: [...formats.map((format) => `${format} -n shop`.trim()), "-n shop --revision 1"] },
  { words: "get metadata plain", flags: formats.map((format) => `${format} -n shop`.trim()) },
  { words: "get all web", flags: ["-n shop", "-n shop --revision 1", "-n shop --template {{.Release.Name}}-{{.Release.Info.Status}}"] },
  { words: "get all plain", flags: ["-n shop"] },
];

const install = (...more: string[]): string[] => ["install", "web", "CHART1", ...more];
const upgrade = (...more: string[]): string[] => ["upgrade", "web", "CHART2", ...more];

/** In a namespace of each one's own. */
export const actions: readonly { name: string; steps: readonly (readonly string[])[] }[] = [
  { name: "a life in tables", steps: [
    install("--set", everything),
    ["test", "web"],
    upgrade("--reuse-values"),
    ["rollback", "web"],
    ["uninstall", "web", "--keep-history"],
    ["uninstall", "web"],
  ] },
  { name: "install and upgrade as data", steps: [
    install("-o", "json", "--set", everything),
    upgrade("-o", "yaml"),
    ["upgrade", "--install", "new", "CHART1", "-o", "json"],
  ] },
  { name: "upgrade --install", steps: [
    ["upgrade", "--install", "web", "CHART1"],
    ["upgrade", "--install", "web", "CHART2"],
    ["uninstall", "web", "--keep-history"],
    ["upgrade", "--install", "web", "CHART1"],
  ] },
  { name: "dry runs", steps: [
    install("--dry-run=client", "--set", "extra=word,hooks.preJob=well"),
    install("--dry-run=server", "--set", "extra=word"),
    install("--dry-run=server", "--hide-secret", "--set", "extra=word"),
    install("--hide-secret"),
    install("--dry-run=client", "-o", "json"),
    install(),
    upgrade("--dry-run=client", "--set", "hooks.preJob=well"),
    upgrade("--dry-run=server", "--hide-secret", "--set", "extra=word"),
    upgrade("--dry-run=wrong"),
    ["rollback", "web", "1", "--dry-run=client"],
    ["uninstall", "web", "--dry-run"],
  ] },
  { name: "what is kept, and notes that are hidden", steps: [
    install("--set", "kept=true", "--hide-notes"),
    upgrade("--hide-notes", "--set", "kept=true"),
    ["uninstall", "web"],
  ] },
  { name: "failures", steps: [
    ["upgrade", "web", "CHART2"],
    ["rollback", "web"],
    ["test", "web"],
    ["uninstall", "web"],
    ["uninstall", "web", "--ignore-not-found"],
    install("--set", "replicas=many"),
    install("--set", "bad=text"),
    install(),
    upgrade("--set", "bad=text"),
    upgrade("--set", "bad=text", "--rollback-on-failure", "--timeout", "120s"),
    ["rollback", "web", "77"],
    ["rollback", "web", "x"],
    ["test", "web", "--filter", "nothing=x"],
    install("--labels", "owner=me"),
    install("--labels", "nothing"),
    ["install", "CHART1"],
    ["install", "web", "CHART1", "-g"],
    ["install", "UPPER", "CHART1"],
    ["install", "x", "./absent"],
    upgrade("--server-side=maybe"),
    upgrade("--wait=soon"),
    upgrade("--force-replace", "--force-conflicts"),
    upgrade("--description", "x".repeat(520)),
    ["rollback", "web", "1", "--description", "x".repeat(300)],
    ["history", "web", "--max", "0"],
  ] },
];

/** Flags of helm's that are not taken, and why. */
export const absentFlags: { readonly [flag: string]: string } = {
  help: "taken by every command",
  "registry-config": "$HELM_REGISTRY_CONFIG names it",
  "repository-config": "$HELM_REPOSITORY_CONFIG names it",
  "repository-cache": "indexes are not kept in files",
  "content-cache": "charts are not kept in files",
};
