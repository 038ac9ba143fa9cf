import { expect, test } from "vitest";
import { base64Of, expiryLook } from "./expiry";

const now = Date.parse("2026-06-01T00:00:00Z");

test.each([
  [{ NotAfter: "2027-01-01T00:00:00Z" }, "ok", "Valid"],
  [{ NotAfter: "2026-06-30T00:00:00Z" }, "warn", "Expires in 29 days"],
  [{ NotAfter: "2026-06-02T01:00:00Z" }, "warn", "Expires in 1 day"],
  [{ NotAfter: "2026-05-31T00:00:00Z" }, "bad", "Expired"],
  [{ NotAfter: "2027-01-01T00:00:00Z", NotBefore: "2026-07-01T00:00:00Z" }, "wait", "Not yet valid"],
  [{ NotAfter: "2026-05-31T00:00:00Z", Archived: "2026-05-01T00:00:00Z" }, "off", "Archived"],
])("%o is %s", (certificate, tone, word) => {
  expect(expiryLook(certificate, now)).toMatchObject({ tone, word });
});

test("files are sent in base64, byte by byte", async () => {
  expect(await base64Of(new Blob([new Uint8Array([0, 255, 128])]))).toBe("AP+A");
});
