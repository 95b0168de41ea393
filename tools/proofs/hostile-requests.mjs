// Requests that no honest client sends, by a grammar and a seed. Each is `{ method, path, headers, body, codes }`: `codes` says which
// answers are right where the kind of request decides it; absent, any answer but a failure of the server's own is.

import { gzipSync } from "node:zlib";

const json = "application/json";
const applyPatch = "application/apply-patch+yaml";
const base = "/api/v1/namespaces/default";
const pick = (next, list) => list[next(list.length)];
const text = (next, length) => Array.from({ length }, () => String.fromCodePoint(oneOf(next))).join("");

function oneOf(next) {
  const kind = next(6);
  if (kind < 3) return 32 + next(95);
  if (kind === 3) return next(32);
  return kind === 4 ? 0xa0 + next(0x1000) : 0x1f300 + next(0x200);
}

function junk(next, depth = 0) {
  const kind = next(depth > 4 ? 9 : 12);
  const scalars = [null, true, 0, -1, 1.5, 1e308, 9007199254740993n, "", "a"];
  if (kind < 8) return scalars[next(scalars.length)];
  if (kind === 8) return text(next, next(40));
  if (kind === 9) return Array.from({ length: next(5) }, () => junk(next, depth + 1));
  const names = [
    "name",
    "a",
    "__proto__",
    "constructor",
    "metadata",
    "spec",
    "labels",
    "$patch",
    "x".repeat(70),
    "",
    "é",
  ];
  return Object.fromEntries(Array.from({ length: next(5) }, () => [pick(next, names), junk(next, depth + 1)]));
}

const encode = (value) => {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${encode(member)}`)
    .join(",")}}`;
};

/** Objects that would be right, to be spoilt in one place or a few. */
const templates = [
  {
    place: `${base}/configmaps`,
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "h", labels: { a: "b" }, annotations: { a: "b" } },
      data: { a: "b" },
      binaryData: { b: "aGk=" },
    },
  },
  {
    place: `${base}/pods`,
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "h" },
      spec: {
        containers: [
          {
            name: "c",
            image: "i",
            ports: [{ containerPort: 80, protocol: "TCP" }],
            env: [{ name: "A", value: "b" }],
            resources: { limits: { cpu: "1" } },
          },
        ],
        volumes: [{ name: "v", emptyDir: {} }],
      },
    },
  },
  {
    place: "/apis/apps/v1/namespaces/default/deployments",
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "h" },
      spec: {
        replicas: 1,
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
    },
  },
  {
    place: `${base}/services`,
    object: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "h" },
      spec: { type: "ClusterIP", selector: { a: "b" }, ports: [{ port: 80, targetPort: "http", protocol: "TCP" }] },
    },
  },
  {
    place: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    object: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "h" },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    },
  },
  {
    place: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    object: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "hs.hostile.example.com" },
      spec: {
        group: "hostile.example.com",
        scope: "Namespaced",
        names: { plural: "hs", singular: "h", kind: "H", listKind: "HList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            subresources: { status: {} },
            additionalPrinterColumns: [{ name: "A", type: "string", jsonPath: ".spec.a" }],
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: {
                    type: "object",
                    "x-kubernetes-validations": [{ rule: "self.n < 5", message: "m" }],
                    properties: {
                      a: { type: "string", pattern: "^(a+)+$", maxLength: 5000 },
                      n: { type: "integer", default: 1 },
                      l: {
                        type: "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["k"],
                        items: { type: "object", required: ["k"], properties: { k: { type: "string" } } },
                      },
                    },
                  },
                },
              },
            },
          },
        ],
      },
    },
  },
  {
    place: "/apis/clients.hostile.example.com/v1/namespaces/default/things",
    object: {
      apiVersion: "clients.hostile.example.com/v1",
      kind: "Thing",
      metadata: { name: "h" },
      spec: { a: `${"a".repeat(40)}!`, n: 3, l: [{ k: "x" }, { k: "y" }] },
    },
  },
];

/** Put there first, so that custom objects are among what is asked for: its schema is made to be expensive. */
export const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.clients.hostile.example.com" },
  spec: {
    group: "clients.hostile.example.com",
    scope: "Namespaced",
    names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                "x-kubernetes-preserve-unknown-fields": true,
                properties: {
                  a: { type: "string", pattern: "^(a+)+$", maxLength: 5000 },
                  n: { type: "integer" },
                  l: {
                    type: "array",
                    maxItems: 500,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["k"],
                    items: { type: "object", required: ["k"], properties: { k: { type: "string", maxLength: 50 } } },
                    "x-kubernetes-validations": [
                      { rule: "self.all(x, self.all(y, x.k == y.k || x.k != y.k))", message: "m" },
                    ],
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

function spoil(next, value) {
  if (next(4) === 0 || typeof value !== "object" || value === null) return junk(next);
  if (Array.isArray(value)) {
    if (next(4) === 0) return [...value, ...value];
    return value.length === 0 ? [junk(next)] : value.map((item, at) => (at === 0 ? spoil(next, item) : item));
  }
  const names = Object.keys(value);
  const name = next(6) === 0 || names.length === 0 ? pick(next, ["__proto__", "zz", "name", ""]) : pick(next, names);
  return { ...value, [name]: spoil(next, value[name]) };
}

function spoiltObject(next) {
  const { place, object } = pick(next, templates);
  const body = encode(spoil(next, object));
  switch (next(4)) {
    case 0:
      return { method: "POST", path: `${place}${next(2) === 0 ? "?dryRun=All" : ""}`, body, contentType: json };
    case 1:
      return { method: "PUT", path: `${place}/${object.metadata.name}`, body, contentType: json };
    case 2:
      return {
        method: "PATCH",
        path: `${place}/${object.metadata.name}?fieldManager=m&force=true`,
        body,
        contentType: applyPatch,
      };
    default: {
      const contentType = pick(next, ["application/merge-patch+json", "application/strategic-merge-patch+json"]);
      return { method: "PATCH", path: `${place}/${object.metadata.name}`, body, contentType };
    }
  }
}

const words = [
  "api",
  "apis",
  "v1",
  "apps",
  "namespaces",
  "default",
  "configmaps",
  "pods",
  "h",
  "..",
  ".",
  "",
  "%00",
  "%2e%2e",
  "%2F",
  "%zz",
  "%",
  "status",
  "scale",
  "__proto__",
  "constructor",
  "openapi",
  "v2",
  "v3",
  "finalize",
  "log",
  "exec",
  "proxy",
  "é",
  "a;b",
  "\\",
  "healthz",
  "metrics",
  "version",
];

function oddPath(next) {
  const path =
    next(30) === 0
      ? `/${"a/".repeat(next(4000))}`
      : `/${Array.from({ length: 1 + next(9) }, () => pick(next, words)).join("/")}`;
  const method = pick(next, ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "FOO"]);
  return {
    method,
    path: encodeURI(path).replace(/%25/g, "%"),
    body: next(3) === 0 ? encode(junk(next)) : undefined,
    contentType: json,
  };
}

const parameters = [
  "labelSelector",
  "fieldSelector",
  "limit",
  "continue",
  "resourceVersion",
  "resourceVersionMatch",
  "dryRun",
  "fieldManager",
  "fieldValidation",
  "force",
  "includeObject",
  "timeoutSeconds",
  "sendInitialEvents",
  "allowWatchBookmarks",
  "gracePeriodSeconds",
  "propagationPolicy",
  "orphanDependents",
  "pretty",
];

function forged(next) {
  const token = {
    v: pick(next, ["meta.k8s.io/v1", "v9", ""]),
    rv: pick(next, [-1, 0, 1, 2, 1e300, "x", null]),
    start: pick(next, ["../x", "a", "", "/", "\u0000", text(next, 20)]),
  };
  return Buffer.from(next(3) === 0 ? text(next, 30) : JSON.stringify(token)).toString("base64url");
}

function oddQuery(next) {
  const values = [
    "",
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "true",
    "All",
    "a=b",
    "a in (b,c)",
    "a notin (",
    "!a",
    "a,,b",
    "a==b=c",
    "metadata.name=h",
    "spec.x=1",
    "Exact",
    "NotOlderThan",
    "\u0000",
    "%",
    text(next, 12),
  ];
  const query = Array.from({ length: 1 + next(4) }, () => {
    const name = pick(next, parameters);
    const value = name === "continue" ? forged(next) : pick(next, values);
    return `${name}=${next(8) === 0 ? "%zz" : encodeURIComponent(value)}`;
  }).join("&");
  const path = pick(next, [
    `${base}/configmaps`,
    `${base}/configmaps/h`,
    "/api/v1/pods",
    templates[6].place,
    "/apis/apps/v1/deployments",
  ]);
  return {
    method: pick(next, ["GET", "GET", "GET", "DELETE", "PATCH"]),
    path: `${path}?${query}`,
    body: undefined,
    contentType: "application/merge-patch+json",
  };
}

function oddHeaders(next) {
  const headers = {};
  const odd = [
    () =>
      (headers.accept = pick(next, [
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;as=Nonsense;v=v1",
        "text/html",
        "*/*;q=0",
        ";;;",
        "application/vnd.kubernetes.protobuf",
        "application/json;stream=watch",
        "application/cbor",
        `a/${"b,".repeat(500)}`,
      ])),
    () =>
      (headers["impersonate-user"] = pick(next, [
        "x",
        "",
        "system:serviceaccount:a:b",
        "system:serviceaccount",
        "é".repeat(3),
      ])),
    () => (headers["impersonate-group"] = pick(next, ["x", "system:masters", ","])),
    () => (headers[pick(next, ["impersonate-extra-%zz", "impersonate-extra-a", "impersonate-uid"])] = "x"),
    () =>
      (headers.authorization = pick(next, [
        "Basic eDp5",
        "Bearer",
        "Bearer  a b",
        `Bearer ${"a.".repeat(300)}`,
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "Bearer e30.e30.e30",
        "Negotiate x",
      ])),
    () => (headers["accept-encoding"] = pick(next, ["gzip;q=0", "br", "gzip,gzip", "identity;q=0"])),
    () => (headers["content-encoding"] = pick(next, ["gzip", "br", "deflate", "gzip, gzip"])),
    () => (headers["x-big"] = "v".repeat(next(12_000))),
    () => {
      for (let n = 0; n < next(120); n++) headers[`x-${n}`] = "v";
    },
    () => (headers["if-none-match"] = '"x"'),
  ];
  for (let n = 0; n < 1 + next(3); n++) pick(next, odd)();
  const method = pick(next, ["GET", "POST", "PUT", "DELETE"]);
  const path = pick(next, [`${base}/configmaps`, `${base}/configmaps/h`, "/apis", "/openapi/v2", "/api/v1/namespaces"]);
  return { method, path, headers, body: method === "GET" ? undefined : encode(templates[0].object), contentType: json };
}

const wrongTypes = [
  "text/plain",
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/cbor",
  "image/png",
  "application/json-seq",
  "; charset",
  "application/*",
];

function wrongType(next) {
  const method = pick(next, ["POST", "PUT"]);
  const path = `${base}/configmaps${method === "PUT" ? "/h" : ""}`;
  return { method, path, contentType: pick(next, wrongTypes), body: encode(templates[0].object), codes: [400, 415] };
}

const bombs = {
  deepArrays: () => "[".repeat(100_000),
  deepArraysWhole: () => "[".repeat(50_000) + "]".repeat(50_000),
  deepObjects: () => '{"a":'.repeat(60_000) + "1" + "}".repeat(60_000),
  manyKeys: () =>
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"h"},"data":{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":"v"`).join(",")}}}`,
  manyLabels: () =>
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"h","labels":{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":"v"`).join(",")}}}}`,
  longString: () =>
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"h"},"data":{"k":"${"x".repeat(2_000_000)}"}}`,
  tooLarge: () => `"${"x".repeat(3 * 1024 * 1024 + 1)}"`,
  manyContainers: () =>
    `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"h"},"spec":{"containers":[${Array.from({ length: 20_000 }, () => '{"name":"c","image":"i"}').join(",")}]}}`,
  manyItems: () =>
    `{"apiVersion":"clients.hostile.example.com/v1","kind":"Thing","metadata":{"name":"h"},"spec":{"l":[${Array.from({ length: 60_000 }, (_, n) => `{"k":"${n}"}`).join(",")}]}}`,
  fewerItems: () =>
    `{"apiVersion":"clients.hostile.example.com/v1","kind":"Thing","metadata":{"name":"h"},"spec":{"l":[${Array.from({ length: 500 }, (_, n) => `{"k":"${n}"}`).join(",")}]}}`,
  backtracking: () =>
    `{"apiVersion":"clients.hostile.example.com/v1","kind":"Thing","metadata":{"name":"h"},"spec":{"a":"${"a".repeat(4000)}!"}}`,
  digits: () => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"h","generation":${"9".repeat(400_000)}}}`,
};
const yamlBombs = {
  laughs: () =>
    `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 24 }, (_, n) => `b${n}: &b${n} [${`*${n === 0 ? "a" : `b${n - 1}`},`.repeat(9)}]`).join("\n")}\n`,
  deepFlow: () => `${"[".repeat(80_000)}`,
  deepBlock: () => Array.from({ length: 3000 }, (_, n) => `${" ".repeat(n)}a:`).join("\n"),
  mergeKeys: () => `a: &a {x: 1}\nb: {<<: *a, <<: *a}\nc: {<<: [${"*a,".repeat(5000)}]}\n`,
  loop: () => "a: &a\n  b: *a\n",
  documents: () => "---\na: 1\n".repeat(50_000),
  tags: () => "!!python/object/apply:os.system ['x']\n",
};

function bomb(next) {
  if (next(3) === 0) {
    const body = pick(next, Object.values(yamlBombs))();
    const method = next(2) === 0 ? "POST" : "PATCH";
    return method === "POST"
      ? { method, path: `${base}/configmaps`, contentType: "application/yaml", body, codes: [400, 413, 415, 422] }
      : {
          method,
          path: `${base}/configmaps/h?fieldManager=m&force=true`,
          contentType: applyPatch,
          body,
          codes: [400, 413, 422, 500],
        };
  }
  const body = pick(next, Object.values(bombs))();
  const place = body.includes("Thing")
    ? templates[6].place
    : body.includes('"Pod"')
      ? `${base}/pods`
      : `${base}/configmaps`;
  return next(2) === 0
    ? { method: "POST", path: place, contentType: json, body }
    : { method: "PATCH", path: `${place}/h?fieldManager=m&force=true`, contentType: applyPatch, body };
}

const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024));

function packed(next) {
  const body = pick(next, [
    zeros,
    Buffer.from("nonsense"),
    gzipSync(encode(templates[0].object)).subarray(0, 20),
    Buffer.alloc(0),
  ]);
  return {
    method: "POST",
    path: `${base}/configmaps`,
    contentType: json,
    headers: { "content-encoding": "gzip" },
    body,
    codes: [400, 413],
  };
}

function protobufGarbage(next) {
  const bytes = Buffer.from(Array.from({ length: next(400) }, () => next(256)));
  const nested = Buffer.concat(Array.from({ length: 60 }, () => Buffer.from([0x0a, 0xff, 0xff, 0x03])));
  const body = Buffer.concat([
    Buffer.from("k8s\0"),
    pick(next, [bytes, nested, Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f])]),
  ]);
  return {
    method: "POST",
    path: `${base}/pods`,
    contentType: "application/vnd.kubernetes.protobuf",
    body: next(4) === 0 ? bytes : body,
    codes: [400, 415, 422],
  };
}

const pointers = [
  "",
  "/",
  "/metadata",
  "/metadata/name",
  "/metadata/labels/a",
  "/data/-",
  "/data/99999999999",
  "/spec/containers/-1",
  "/a~2b",
  "/__proto__/x",
  "/metadata/managedFields/0",
  "no-slash",
  "/spec/containers/-",
];

function patchGarbage(next) {
  const place = pick(next, templates);
  const path = `${place.place}/${place.object.metadata.name}`;
  if (next(12) === 0) {
    // Each copy doubles what the next one copies.
    const body = [
      { op: "add", path: "/data/a", value: "x".repeat(100_000) },
      ...Array.from({ length: 40 }, (_, n) => ({ op: "copy", from: "/data", path: `/data/b${n}` })),
    ];
    return {
      method: "PATCH",
      path: `${base}/configmaps/h`,
      contentType: "application/json-patch+json",
      body: JSON.stringify(body),
      codes: [400, 404, 413, 422],
    };
  }
  if (next(12) === 0) {
    const body = JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: "test", path: "/kind", value: "x" })));
    return {
      method: "PATCH",
      path: `${base}/configmaps/h`,
      contentType: "application/json-patch+json",
      body,
      codes: [404, 413],
    };
  }
  if (next(2) === 0) {
    const operation = () => ({
      op: pick(next, ["add", "remove", "replace", "move", "copy", "test", "x", 5]),
      path: pick(next, pointers),
      from: pick(next, pointers),
      value: junk(next),
    });
    return {
      method: "PATCH",
      path,
      contentType: "application/json-patch+json",
      body: encode(Array.from({ length: 1 + next(6) }, operation)),
    };
  }
  const directives = {
    $patch: pick(next, ["delete", "replace", "merge", "x", 5]),
    $retainKeys: junk(next),
    "$setElementOrder/containers": junk(next),
    "$deleteFromPrimitiveList/finalizers": junk(next),
    containers: [{ $patch: "delete", name: "c" }, { $patch: "replace" }, junk(next)],
  };
  const body = encode({
    metadata: next(2) === 0 ? directives : junk(next),
    spec: next(2) === 0 ? directives : { template: { spec: directives } },
  });
  return {
    method: "PATCH",
    path,
    contentType: pick(next, ["application/strategic-merge-patch+json", "application/merge-patch+json", applyPatch]),
    body,
  };
}

function watchAbuse(next) {
  const versions = ["0", "1", "-1", "x", "99999999999", ""];
  const query = `watch=${pick(next, ["1", "true", "yes"])}&timeoutSeconds=1&resourceVersion=${pick(next, versions)}&resourceVersionMatch=${pick(next, ["", "NotOlderThan", "Exact", "x"])}&sendInitialEvents=${pick(next, ["", "true", "false", "x"])}&allowWatchBookmarks=${pick(next, ["true", "false"])}&labelSelector=${encodeURIComponent(pick(next, ["", "a=b", "!"]))}`;
  return {
    method: "GET",
    path: `${pick(next, [`${base}/configmaps`, `${base}/configmaps/h`, "/api/v1/pods", templates[6].place])}?${query}`,
    abandonAfterMs: next(3) === 0 ? next(50) : undefined,
    contentType: json,
  };
}

function definitions(next) {
  const { place, object } = templates[5];
  const body = structuredClone(object);
  const version = body.spec.versions[0];
  const spec = version.schema.openAPIV3Schema.properties.spec;
  const spoils = [
    () =>
      (spec["x-kubernetes-validations"] = [
        {
          rule: pick(next, [
            "self.",
            "self.n.matches('(a+)+$')",
            "has(self.x)",
            "size(self) > 1 && ".repeat(400) + "true",
            "oldSelf",
            "1",
            "self.all(",
            "'é' in self",
            "{".repeat(300),
          ]),
        },
      ]),
    () => (spec.properties.a.pattern = pick(next, ["(", "(?=a)", "[", "\\", "(a|aa)+$", "x{1000}{1000}", "(?P<n>a)"])),
    () => (version.schema.openAPIV3Schema = junk(next)),
    () => (spec.properties.n.default = junk(next)),
    () =>
      (version.additionalPrinterColumns = [
        {
          name: text(next, 5),
          type: pick(next, ["string", "date", "x"]),
          jsonPath: pick(next, [".", ".spec[", "$..x", ".spec.l[?(@.k==", "é"]),
        },
      ]),
    () =>
      (body.spec.names = {
        ...body.spec.names,
        kind: pick(next, ["Pod", "h", "", "H"]),
        plural: pick(next, ["pods", "hs", "H S"]),
      }),
    () => (body.spec.versions = [version, { ...version, name: pick(next, ["v1", "v2", ""]) }]),
    () => (body.metadata.name = pick(next, ["hs.hostile.example.com", "x", "hs.hostile.example.com\u0000"])),
    () => {
      let inner = { type: "string" };
      for (let depth = 0; depth < 600; depth++) inner = { type: "object", properties: { a: inner } };
      spec.properties.deep = inner;
    },
  ];
  for (let n = 0; n < 1 + next(2); n++) pick(next, spoils)();
  return next(3) === 0
    ? {
        method: "PATCH",
        path: `${place}/hs.hostile.example.com?fieldManager=m&force=true`,
        contentType: applyPatch,
        body: encode(body),
      }
    : { method: "POST", path: `${place}${next(2) === 0 ? "?dryRun=All" : ""}`, contentType: json, body: encode(body) };
}

function reviews(next) {
  const path = pick(next, [
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "/apis/authentication.k8s.io/v1/tokenreviews",
    `${base}/serviceaccounts/default/token`,
    `${base}/pods/h/eviction`,
    `${base}/pods/h/binding`,
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    `${base}/pods/h/exec?command=a`,
    `${base}/pods/h/log?container=${encodeURIComponent(text(next, 4))}`,
  ]);
  return {
    method: pick(next, ["POST", "GET"]),
    path,
    contentType: json,
    body: encode({ spec: junk(next), metadata: junk(next) }),
  };
}

const kinds = [
  [oddPath, 14],
  [oddQuery, 14],
  [oddHeaders, 10],
  [wrongType, 3],
  [spoiltObject, 26],
  [patchGarbage, 12],
  [protobufGarbage, 4],
  [watchAbuse, 6],
  [definitions, 3],
  [reviews, 5],
  [packed, 1],
  [bomb, 1],
];
const weighted = kinds.flatMap(([make, weight]) => Array.from({ length: weight }, () => make));

/** The next request; `kind` names its maker. */
export function hostileRequest(next) {
  const make = pick(next, weighted);
  return { headers: {}, ...make(next), kind: make.name };
}
