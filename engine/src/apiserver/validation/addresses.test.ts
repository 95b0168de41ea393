import { describe, expect, it } from "vitest";
import {
  addressErrors,
  addressText,
  addressWarnings,
  isWithin,
  networkErrors,
  parseAddress,
  strictAddressErrors,
  strictNetworkErrors,
  unreachableErrors,
} from "./addresses.ts";

describe("addresses", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3"],
    ["010.1.2.3", "10.1.2.3"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"],
  ])("%s is %s", (text, canonical) => {
    const address = parseAddress(text);
    expect(address === undefined ? undefined : addressText(address)).toBe(canonical);
  });

  it.each([
    "",
    "x",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    ":::",
    "1:2",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "::1%lo",
  ])("%j is no address", (text) => expect(parseAddress(text)).toBeUndefined());

  it("takes what stood there before, and of what is new the unambiguous alone", () => {
    expect(addressErrors("010.1.2.3", "f", ["010.1.2.3"])).toEqual([]);
    expect(addressErrors("010.1.2.3", "f")).toHaveLength(1);
    expect(addressErrors("::ffff:1.2.3.4", "f")).toHaveLength(1);
    expect(strictAddressErrors("2001:DB8::1", "f")).toHaveLength(1);
    expect(addressWarnings("2001:DB8::1", "f")).toHaveLength(1);
  });

  it.each([
    ["10.0.0.0/8", 0, 0],
    ["10.0.0.1/8", 1, 1],
    ["10.0.0.0/08", 1, 1],
    ["10.0.0.0/33", 1, 1],
    ["2001:DB8::/32", 0, 1],
    ["::/0", 0, 0],
    ["::ffff:1.2.3.0/120", 1, 1],
  ])("of the network %s says so much: %d, and %d where it must be canonical", (text, loose, strict) => {
    expect(networkErrors(text, "f")).toHaveLength(loose);
    expect(strictNetworkErrors(text, "f")).toHaveLength(strict);
  });

  it("knows a network within another", () => {
    expect(isWithin("10.1.0.0/16", "10.0.0.0/8")).toBe(true);
    expect(isWithin("10.0.0.0/8", "10.0.0.0/8")).toBe(false);
    expect(isWithin("11.1.0.0/16", "10.0.0.0/8")).toBe(false);
  });

  it.each([
    ["127.0.0.1", 1],
    ["::1", 1],
    ["169.254.1.1", 1],
    ["fe80::1", 1],
    ["224.0.0.5", 1],
    ["ff02::1", 1],
    ["0.0.0.0", 1],
    ["10.0.0.1", 0],
  ])("%s cannot be reached: %d", (text, count) => expect(unreachableErrors(text, "f")).toHaveLength(count));
});
