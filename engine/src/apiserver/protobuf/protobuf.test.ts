import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProtobuf } from "./decode.ts";
import { WireError } from "./wire.ts";

/** A field of bytes: number, length, content. */
function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function number(at: number, value: number): Buffer {
  return Buffer.from([at << 3, ...varint(value)]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}

function body(apiVersion: string, kind: string, ...fields: Buffer[]): Buffer {
  const meta = field(1, Buffer.concat([field(1, apiVersion), field(2, kind)]));
  return Buffer.concat([Buffer.from("k8s\0"), meta, field(2, Buffer.concat(fields))]);
}

const metadata = field(
  1,
  Buffer.concat([field(1, "a"), field(3, ""), field(11, Buffer.concat([field(1, "tier"), field(2, "x")]))]),
);

describe("a protobuf body", () => {
  it("becomes the object it stands for, without the zeros that Go leaves out", () => {
    const entry = field(2, Buffer.concat([field(1, "key"), field(2, "value")]));
    expect(decodeProtobuf(body("v1", "ConfigMap", metadata, entry))).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", labels: { tier: "x" } },
      data: { key: "value" },
    });
  });

  it("keeps a zero behind a pointer, and reads quantities, ports and inlined members", () => {
    const port = Buffer.concat([number(3, 80), number(2, 0)]);
    const limits = Buffer.concat([field(1, "cpu"), field(2, field(1, "100m"))]);
    const get = field(
      1,
      field(2, Buffer.concat([field(1, "/ready"), field(2, Buffer.concat([number(1, 1), field(3, "http")]))])),
    );
    const container = Buffer.concat([field(1, "c"), field(6, port), field(8, field(1, limits)), field(10, get)]);
    const template = field(3, field(2, field(2, container)));
    const spec = field(2, Buffer.concat([number(1, 0), template]));
    expect(decodeProtobuf(body("apps/v1", "Deployment", metadata, spec))).toMatchObject({
      spec: {
        replicas: 0,
        template: {
          spec: {
            containers: [
              {
                name: "c",
                ports: [{ containerPort: 80 }],
                resources: { limits: { cpu: "100m" } },
                livenessProbe: { httpGet: { path: "/ready", port: "http" } },
              },
            ],
          },
        },
      },
    });
  });

  it("refuses what is no message, and bytes of any kind, with one kind of error", () => {
    expect(() => decodeProtobuf(Buffer.from("{}"))).toThrow("does not begin with k8s");
    expect(() => decodeProtobuf(body("example.com/v1", "Widget"))).toThrow("no message is known");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom("Pod", "Secret", "Event"), (bytes, kind) => {
        try {
          decodeProtobuf(body("v1", kind, Buffer.from(bytes)));
        } catch (error) {
          expect(error instanceof WireError || error instanceof SyntaxError || error instanceof RangeError).toBe(true);
        }
      }),
    );
  });
});
