// What random templates run on: the values, and the numbers that a seed gives.

/** mulberry32 */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const values = {
  text: "hello World",
  number: 3,
  float: 2.5,
  yes: true,
  list: [1, "b", null, { c: "d" }],
  map: { a: 1, b: "two", inner: { deep: "x", list: [3, 1, 2] } },
  nothing: null,
  empty: "",
  big: 12345678901,
  no: false,
  zero: 0,
  names: ["web", "db", "cache-1", "web"],
  ports: [80, 443, 8080],
  floats: [0.5, 1e6, 1e21, -3.25],
  labels: { "app.kubernetes.io/name": "web", tier: "front end", empty: "" },
  resources: { limits: { cpu: "500m", memory: "1Gi" }, requests: { cpu: 0.25 } },
  env: [
    { name: "A", value: "1" },
    { name: "B", value: null },
    { name: "C", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
  ],
  image: { repository: "docker.io/library/nginx", tag: "1.25.3-alpine", digest: "" },
  template: "{{ .Values.text | upper }}-{{ .Release.Name }}",
  multiline: "first\n  second: x\n\nthird # no comment\n",
  unicode: "héllo ✓ 日本 \u{1F600}",
  quoted: 'it\'s "quoted" \\ and <b>&',
  emptyList: [],
  emptyMap: {},
};
