// The pages of commits and lines on the Git hosts whose addresses have a known form.

type Wanted = { commit: string; path?: string; line?: number };

/** The page of a commit, or of a line at it; undefined where the host's form is not known. */
export function webAddress(repository: string, { commit, path, line }: Wanted): string | undefined {
  const match = /^(?:https?:\/\/|ssh:\/\/|git:\/\/)(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+?)(?:\.git)?\/?$/.exec(repository);
  const host = match?.[1]?.toLowerCase() ?? "";
  const project = match?.[2] ?? "";
  if (project === "") return undefined;
  const file = path?.split("/").map(encodeURIComponent).join("/");
  const base = `https://${host}/${project}`;
  if (host === "github.com" || host.startsWith("github."))
    return file === undefined ? `${base}/commit/${commit}` : `${base}/blob/${commit}/${file}#L${line}`;
  if (host === "gitlab.com" || host.startsWith("gitlab."))
    return file === undefined ? `${base}/-/commit/${commit}` : `${base}/-/blob/${commit}/${file}#L${line}`;
  if (host === "codeberg.org" || host.startsWith("gitea.") || host.startsWith("forgejo."))
    return file === undefined ? `${base}/commit/${commit}` : `${base}/src/commit/${commit}/${file}#L${line}`;
  if (host === "bitbucket.org")
    return file === undefined ? `${base}/commits/${commit}` : `${base}/src/${commit}/${file}#lines-${line}`;
  return undefined;
}
