// How a server is reached: whom to trust, as whom to appear, through which proxy. Plain data, by which connections are
// told apart.

import { httpFault } from "./faults.ts";
import { proxyUrlMost } from "./limits.ts";

/** Texts are PEM. Every member may be absent. */
export type HttpAccess = {
  /** Authorities trusted beside the system's. */
  authority?: string;
  certificate?: string;
  certificateKey?: string;
  /** `http://`, `https://` or `socks5://`, with credentials where the proxy wants some. */
  proxy?: string;
  /** Through no proxy, not even the environment's: for the machine's own servers. */
  isDirect?: boolean;
  /** Accepts any certificate: only for what is named insecure in so many words. */
  acceptsAnyCertificate?: boolean;
};

/** The settings that programs take from their environment. */
export type ProxySettings = { http?: string; https?: string; none?: string };

/** Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in capitals or not. */
export function proxySettings(environment: Readonly<Record<string, string | undefined>>): ProxySettings {
  const find = (name: string): string => environment[name] ?? environment[name.toLowerCase()] ?? "";
  const [http, https, none] = [find("HTTP_PROXY"), find("HTTPS_PROXY"), find("NO_PROXY")];
  return { ...(http && { http }), ...(https && { https }), ...(none && { none }) };
}

/** The proxy for a URL: the access's own, or the environment's where that names none for the host. */
export function proxyFor(url: URL, access: HttpAccess, settings: ProxySettings): URL | undefined {
  if (access.isDirect === true) return undefined;
  if (access.proxy !== undefined) return parseProxy(access.proxy);
  const text = url.protocol === "https:" ? settings.https : settings.http;
  if (text === undefined || isLocal(url.hostname) || isExempt(url, settings.none ?? "")) return undefined;
  return parseProxy(text.includes("://") ? text : `http://${text}`);
}

function parseProxy(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^(https?|socks5h?):$/.test(url.protocol) && text.length <= proxyUrlMost) return url;
  throw httpFault({
    code: "http-access-invalid",
    disposition: "retry",
    message: "the proxy's address is no http, https or socks5 URL",
    hint: "check `address` in the Secret that `proxySecretRef` names",
  });
}

function isLocal(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** NO_PROXY: hosts, `.domains`, `host:port`, `*`. Networks (10.0.0.0/8) are compared for IPv4. */
function isExempt(url: URL, none: string): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return none
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      if (entry.includes("/")) return isInNetwork(url.hostname, entry);
      const [, name = entry, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (onlyPort !== undefined && onlyPort !== port) return false;
      const domain = name.replace(/^\*?\./, "").toLowerCase();
      return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
    });
}

function isInNetwork(host: string, network: string): boolean {
  const [address = "", bits = "32"] = network.split("/");
  const [left, right] = [ipv4(host), ipv4(address)];
  if (left === undefined || right === undefined) return false;
  const shift = 32 - Number(bits);
  return Math.floor(left / 2 ** shift) === Math.floor(right / 2 ** shift);
}

function ipv4(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
