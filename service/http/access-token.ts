// Tokens: 256 random bits that only their bearer has; the store keeps the SHA-256 of them, so that a stolen database opens nothing.

import { hash, randomBytes } from "node:crypto";

/** 32 bytes in base64url are 43 characters, of which the last carries four bits. */
const PATTERN = /^mp_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const AUTHORIZATION = /^bearer +(mp_[A-Za-z0-9_-]{43})$/i;

/** A new token. */
export function makeToken(): string {
  return `mp_${randomBytes(32).toString("base64url")}`;
}

/** Whether `text` is made as a token is. */
export function isToken(text: string): boolean {
  return PATTERN.test(text);
}

export function hashToken(token: string): Buffer {
  return hash("sha256", token, "buffer");
}

/** The token of an Authorization header; undefined: there is none, or it is malformed. */
export function bearerToken(header: string | undefined): string | undefined {
  const token = header === undefined ? undefined : AUTHORIZATION.exec(header)?.[1];
  return token !== undefined && isToken(token) ? token : undefined;
}
