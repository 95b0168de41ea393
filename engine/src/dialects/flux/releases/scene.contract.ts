// One script's own release: its chart, its object, and what became of them.

import type { HelmReleaseSpec, KindRef } from "#api/flux";
import type { JsonObject } from "#kernel";
import { chartOf, helmRelease, type ReleaseWorld } from "./world.contract.ts";

const settings = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  greeting: {{ .Values.greeting | default "hello" | quote }}
  revision: "{{ .Release.Revision }}"
  chart: {{ .Chart.Version }}
`;

/** Never ready where nobody runs it. */
const workload = `{{- if .Values.broken }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-broken
spec:
  containers: [{name: web, image: example.test/none}]
{{- end }}
`;

export const plain: { [path: string]: string } = {
  "templates/settings.yaml": settings,
  "templates/workload.yaml": workload,
};

/** A ConfigMap in a template; `metadata` is more of it, as JSON. */
export function map(name: string, data: string, metadata = "{}"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {{ merge (dict "name" (printf "%s-${name}" .Release.Name)) (${JSON.stringify(metadata)} | fromJson) | toJson }}\ndata: ${data}\n`;
}

/** Marks a template's object as a hook of this event. */
export const hook = (event: string, more = ""): string => `{"annotations": {"helm.sh/hook": "${event}"${more}}}`;

type Snapshots = { version: number; status: string; action?: string; chartVersion: string }[];

/** A history in one line. */
export function told(history: Snapshots = []): string {
  return history.map(({ version, status, action }) => `v${version} ${status} ${action ?? "-"}`).join(", ");
}

/** One script's own release. */
export class Scene {
  readonly world: ReleaseWorld;
  readonly name: string;
  /** As the HelmChart is called that is made for it. */
  readonly chart: string;

  constructor(world: ReleaseWorld, name: string) {
    this.world = world;
    this.name = name;
    this.chart = `shop-${name}`;
  }

  offer(version: string, files: { [path: string]: string } = plain): void {
    this.world.offer(this.chart, version, chartOf(this.name, version, files));
  }

  apply(spec: Partial<HelmReleaseSpec> = {}, metadata: JsonObject = {}): Promise<void> {
    return this.world.apply(helmRelease(this.name, spec, metadata));
  }

  /** The same with a chart that is referred to; without the template that it may have had. */
  async refer(chartRef: KindRef): Promise<void> {
    if ((await this.world.release(this.name)) === undefined) return this.apply({ chartRef });
    await this.world.edit(await this.world.releaseTarget(this.name), { spec: { chart: null, chartRef } }, "test");
  }

  async install(spec: Partial<HelmReleaseSpec> = {}, files: { [path: string]: string } = plain) {
    this.offer("1.0.0", files);
    await this.apply(spec);
    return this.world.untilDone(this.name);
  }

  async history(): Promise<string> {
    return told((await this.world.status(this.name)).history);
  }

  /** The real helm's own history, newest last: revision and status. */
  async helmHistory(where = "shop"): Promise<string> {
    const revisions = JSON.parse(await this.world.helm("history", this.name, "-n", where, "-o", "json")) as {
      revision: number;
      status: string;
    }[];
    return revisions.map(({ revision, status }) => `${revision} ${status}`).join(", ");
  }

  async remove(): Promise<void> {
    await this.world.remove(await this.world.releaseTarget(this.name));
    await this.world.until(`${this.name} to be gone`, async () => (await this.world.release(this.name)) === undefined);
  }
}
