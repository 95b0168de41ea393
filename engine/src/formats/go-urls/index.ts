// URLs as Go reads and writes them.

export { goHostname, type GoUrl, goUrlText, goUserinfoText, parseGoUrl } from "./go-url.ts";
