// What of a repository is left out: the version control files always; pictures, archives and CI files unless the
// repository or the object has patterns of its own. The grammar is gitignore's; as in Flux (sourceignore over go-git's
// matcher) a pattern that matches a folder holds for all below it and the last one to match wins, also below a folder
// that an earlier one excludes, so that `/*` with `!/deploy` leaves exactly `deploy`.

import { compileGlob } from "./glob.ts";

/** Patterns of one file and the folder they hold for; "" is the root. */
export type IgnoreSource = { folder: string; text: string };

const versionControl = ".git/\n.gitignore\n.gitmodules\n.gitattributes";
const defaults = `*.jpg
*.jpeg
*.gif
*.png
*.wmv
*.flv
*.tar.gz
*.zip
.github/
.circleci/
.travis.yml
.gitlab-ci.yml
appveyor.yml
.drone.yml
cloudbuild.yaml
codeship-services.yml
codeship-steps.yml
**/.goreleaser.yml
**/.sops.yaml
**/.flux.yaml`;

type Pattern = {
  folder: readonly string[];
  isInclusion: boolean;
  isFolderOnly: boolean;
  /** undefined stands for `**`. */
  parts: readonly (((name: string) => boolean) | undefined)[];
  /** Without a slash inside, a pattern is looked for at every depth. */
  isAnchored: boolean;
};

export class IgnoreRules {
  readonly #patterns: readonly Pattern[];
  /** Whether something may come back below an excluded folder. */
  readonly hasInclusions: boolean;

  /** `isBare`: nothing is excluded but by the patterns given, as Flux does with buckets. */
  constructor(sources: readonly IgnoreSource[], isBare = false) {
    const own = sources.flatMap(parsePatterns);
    this.hasInclusions = own.some((pattern) => pattern.isInclusion);
    if (isBare) {
      this.#patterns = own;
      return;
    }
    const root = (text: string): Pattern[] => parsePatterns({ folder: "", text });
    this.#patterns = [...root(versionControl), ...(own.length === 0 ? root(defaults) : own)];
  }

  isExcluded(path: string, isFolder: boolean): boolean {
    const parts = path.split("/");
    for (let i = this.#patterns.length - 1; i >= 0; i--) {
      const pattern = this.#patterns[i];
      if (pattern !== undefined && matches(pattern, parts, isFolder)) return !pattern.isInclusion;
    }
    return false;
  }
}

function parsePatterns(source: IgnoreSource): Pattern[] {
  const folder = source.folder === "" ? [] : source.folder.split("/");
  return source.text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith("#") && line.trim() !== "")
    .map((line) => parsePattern(line, folder));
}

function parsePattern(line: string, folder: readonly string[]): Pattern {
  const isInclusion = line.startsWith("!");
  let text = isInclusion ? line.slice(1) : line;
  if (!text.endsWith("\\ ")) text = text.replace(/ +$/, "");
  const isFolderOnly = text.endsWith("/");
  if (isFolderOnly) text = text.slice(0, -1);
  const all = text.split("/").filter((part) => part !== "");
  // `**/name` is the same as `name`, which is tried part by part.
  const isAnywhere = all.length === 2 && all[0] === "**" && all[1] !== "**" && !text.startsWith("/");
  const parts = isAnywhere ? all.slice(1) : all;
  return {
    folder,
    isInclusion,
    isFolderOnly,
    parts: parts.map((part) => (part === "**" ? undefined : compileGlob(part))),
    isAnchored: text.includes("/") && !isAnywhere,
  };
}

/** True when the pattern names the path or a folder above it. */
function matches(pattern: Pattern, path: readonly string[], isFolder: boolean): boolean {
  const depth = pattern.folder.length;
  if (path.length <= depth || !pattern.folder.every((part, i) => path[i] === part)) return false;
  for (let end = depth + 1; end <= path.length; end++) {
    if (pattern.isFolderOnly && end === path.length && !isFolder) return false;
    if (
      pattern.isAnchored ? matchesParts(pattern.parts, path.slice(depth, end)) : pattern.parts[0]?.(path[end - 1] ?? "")
    )
      return true;
  }
  return false;
}

/** The whole of `path`; `**` stands for any number of parts, at the end for at least one. */
function matchesParts(parts: Pattern["parts"], path: readonly string[]): boolean {
  // Row by row: which beginnings of the path the parts so far can match.
  let reached = new Set<number>([0]);
  parts.forEach((part, i) => {
    const next = new Set<number>();
    for (const at of reached) {
      if (part === undefined) for (let to = i === parts.length - 1 ? at + 1 : at; to <= path.length; to++) next.add(to);
      else if (at < path.length && part(path[at] ?? "")) next.add(at + 1);
    }
    reached = next;
  });
  return parts.length > 0 && reached.has(path.length);
}
