// What must not outlive the process that started it: whatever ends that process, kill -9 too, what is on its leash is killed and its folders
// are removed. A shell of its own waits for the end of a pipe that only the process holds, so nothing has to be handled in it.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = `read -r _
count=$1; shift
while [ "$count" -gt 0 ]; do kill -9 "$1" 2>/dev/null; shift; count=$((count - 1)); done
for folder; do rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }; done`;

/** Returns what takes the leash off: to be called before they are ended in any other way. */
export function leash({ pids, folders = [] }) {
  const words = [String(pids.length), ...pids.map(String), ...folders];
  // In a session of its own, or Ctrl-C would end it with the rest.
  const shell = spawn("/bin/sh", ["-c", script, "leash", ...words], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.unref();
  shell.stdin.unref();
  shell.stdin.on("error", () => {});
  return () => void shell.kill("SIGKILL");
}

/** Runs a script of Node's on a leash, with what is ours to see; resolves with its exit code. */
export function runToEnd(words, { cwd, env = {} } = {}) {
  const child = spawn(process.execPath, words, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  const release = leash({ pids: [child.pid] });
  return new Promise((resolve) =>
    child.once("exit", (code) => {
      release();
      resolve(code ?? 1);
    }),
  );
}

/** Runs test files the same way. */
export function runTests(files, { env = {}, flags = [] } = {}) {
  const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
  return runToEnd([vitest, "run", ...files, ...flags], { env });
}
