import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { address, fromAddresses, fromFingerprints, fromUfrags } from "../build/linkkey.js";

const vectors = JSON.parse(readFileSync(new URL("../../schemas/linkkey/testdata/vectors.json", import.meta.url)));

describe("link keys are those of schemas/linkkey", () => {
  for (const { name, a, b, key } of vectors.fingerprints) {
    test(`fingerprints: ${name}`, async () => {
      assert.equal(await fromFingerprints(a, b), key);
      assert.equal(await fromFingerprints(b, a), key);
    });
  }
  for (const { name, a, b, key } of vectors.ufrags) {
    test(`ufrags: ${name}`, async () => {
      assert.equal(await fromUfrags(a, b), key);
      assert.equal(await fromUfrags(b, a), key);
    });
  }
  for (const { name, a, b, a_text, b_text, key } of vectors.addresses) {
    test(`addresses: ${name}`, async () => {
      assert.equal(address(a.host, a.port), a_text);
      assert.equal(address(b.host, b.port), b_text);
      assert.equal(await fromAddresses(a.host, a.port, b.host, b.port), key);
      assert.equal(await fromAddresses(b.host, b.port, a.host, a.port), key);
    });
  }
});

test("an unknown half gives no key", async () => {
  assert.equal(await fromFingerprints(undefined, vectors.fingerprints[0].a), "");
  assert.equal(await fromFingerprints("", ""), "");
  assert.equal(await fromUfrags("abcd", undefined), "");
});
