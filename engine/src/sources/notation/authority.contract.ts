// A certificate authority for tests: it issues and revokes, says what it has revoked by list and by answer, and stamps the time.
// All of it is openssl's own doing.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Issued = { name: string; key: string; certificate: string };

const configuration = (folder: string): string => `
[ca]
default_ca=own
[own]
database=${folder}/index.txt
new_certs_dir=${folder}
serial=${folder}/serial
crlnumber=${folder}/crlnumber
private_key=${folder}/root.key
certificate=${folder}/root.crt
default_md=sha256
default_days=2
default_crl_days=1
policy=any
unique_subject=no
[any]
countryName=optional
stateOrProvinceName=optional
organizationName=optional
commonName=supplied
[req]
distinguished_name=any
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
[tsa]
default_tsa=stamps
[stamps]
serial=${folder}/stamps
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256
accuracy=secs:1
ess_cert_id_alg=sha256
`;

/** How the answers about certificates are signed, and for how long they count. */
export type Answering = { signer?: Issued; days?: number };

export class TestAuthority {
  readonly #folder: string;
  readonly root: Issued;

  constructor(folder: string, name: string) {
    this.#folder = `${folder}/${name}`;
    mkdirSync(this.#folder, { recursive: true });
    this.#write("openssl.cnf", configuration(this.#folder));
    for (const [file, text] of [
      ["index.txt", ""],
      ["serial", "1000\n"],
      ["crlnumber", "01\n"],
      ["stamps", "01\n"],
    ] as const)
      this.#write(file, text);
    this.#makeKey("root");
    const self = ["-x509", "-days", "30", "-extensions", "root", "-out", `${this.#folder}/root.crt`];
    this.#run("req", "-new", ...this.#config, ...self, "-key", `${this.#folder}/root.key`, "-subj", subjectOf(name));
    this.root = this.#read("root");
  }

  get #config(): string[] {
    return ["-config", `${this.#folder}/openssl.cnf`];
  }

  /** A key with a certificate; extensions as openssl writes them. Ends in two days, or after so many seconds. */
  issue(name: string, extensions: readonly string[], endsInSeconds?: number): Issued {
    this.#makeKey(name);
    const [request, extra] = [`${this.#folder}/${name}.csr`, `${this.#folder}/${name}.ext`];
    this.#write(`${name}.ext`, `${extensions.join("\n")}\n`);
    const key = ["-key", `${this.#folder}/${name}.key`];
    this.#run("req", "-new", ...this.#config, ...key, "-subj", subjectOf(name), "-out", request);
    const end = endsInSeconds === undefined ? [] : ["-enddate", timeIn(endsInSeconds)];
    const files = ["-in", request, "-out", `${this.#folder}/${name}.crt`, "-extfile", extra];
    this.#run("ca", "-batch", "-notext", ...this.#config, "-startdate", timeIn(-60), ...end, ...files);
    return this.#read(name);
  }

  revoke({ name }: Issued): void {
    this.#run("ca", ...this.#config, "-revoke", `${this.#folder}/${name}.crt`);
  }

  /** The list of what was revoked, in DER. */
  list(): Buffer {
    const [pem, der] = [`${this.#folder}/list.pem`, `${this.#folder}/list.der`];
    this.#run("ca", ...this.#config, "-gencrl", "-out", pem);
    this.#run("crl", "-in", pem, "-outform", "DER", "-out", der);
    return readFileSync(der);
  }

  /** What a responder says to a request. */
  answer(request: Buffer, { signer = this.root, days }: Answering = {}): Buffer {
    const [asked, answered] = [`${this.#folder}/request.der`, `${this.#folder}/answer.der`];
    writeFileSync(asked, request);
    const by = ["-rsigner", this.#file(signer, "crt"), "-rkey", this.#file(signer, "key")];
    const until = days === undefined ? [] : ["-ndays", String(days)];
    const own = ["-index", `${this.#folder}/index.txt`, "-CA", `${this.#folder}/root.crt`];
    this.#run("ocsp", ...own, ...by, ...until, "-reqin", asked, "-respout", answered);
    return readFileSync(answered);
  }

  /** A token for these bytes, by one of its certificates. */
  stamp(signer: Issued, data: Buffer): Buffer {
    const [file, query, token] = ["data", "query", "token"].map((name) => `${this.#folder}/stamp.${name}`);
    if (file === undefined || query === undefined || token === undefined) return data;
    writeFileSync(file, data);
    this.#run("ts", "-query", "-data", file, "-sha256", "-cert", "-out", query);
    const by = ["-signer", this.#file(signer, "crt"), "-inkey", this.#file(signer, "key")];
    const all = ["-queryfile", query, "-chain", `${this.#folder}/root.crt`, "-token_out", "-out", token];
    this.#run("ts", "-reply", ...this.#config, ...by, ...all);
    return readFileSync(token);
  }

  /** Another's files are written here first. */
  #file({ name, key, certificate }: Issued, kind: "crt" | "key"): string {
    const path = `${this.#folder}/by-${name}.${kind}`;
    writeFileSync(path, kind === "key" ? key : certificate);
    return path;
  }

  #makeKey(name: string): void {
    const curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    this.#run("genpkey", ...curve, "-out", `${this.#folder}/${name}.key`);
  }

  #read(name: string): Issued {
    const [key, certificate] = ["key", "crt"].map((kind) => readFileSync(`${this.#folder}/${name}.${kind}`, "utf8"));
    return { name, key: key ?? "", certificate: certificate ?? "" };
  }

  #write(file: string, text: string): void {
    writeFileSync(`${this.#folder}/${file}`, text);
  }

  #run(...args: readonly string[]): void {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  }
}

function subjectOf(name: string): string {
  return `/C=US/ST=WA/O=Keelson/CN=${name}`;
}

function timeIn(seconds: number): string {
  return `${new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\..*$/g, "")}Z`;
}

/** A server with an authority's answers and list; `answer` can be changed while it runs. */
export class Responder {
  answer: ((request: Buffer) => Buffer | undefined) | undefined;
  list: (() => Buffer) | undefined;
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
      void this.#bodyOf(request).then((body) => {
        const bytes = body === undefined ? this.list?.() : this.answer?.(body);
        response.writeHead(bytes === undefined ? 500 : 200).end(bytes);
      });
    });
  }

  static async start(): Promise<Responder> {
    const responder = new Responder();
    await new Promise<void>((resolve) => responder.#server.listen(0, "127.0.0.1", resolve));
    return responder;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** undefined: it is the list that is asked for. */
  async #bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
    const path = request.url ?? "/";
    if (path === "/list.crl") return undefined;
    if (request.method === "GET") return Buffer.from(decodeURIComponent(path.slice(1)), "base64");
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  }
}
