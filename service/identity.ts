// Who is asking.

export const ROLES = ["user", "organisation-admin", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface User {
  /** 1 to 64 of a-z, 0-9 and "-": part of cache keys. */
  readonly id: string;
  readonly organisationId: string | null;
  readonly role: Role;
  readonly createdMillis: number;
  /** The last request of this user; written behind. */
  readonly lastActiveMillis: number;
}

export interface Organisation {
  readonly id: string;
  readonly name: string;
  readonly createdMillis: number;
}

/** A token as it is kept: never itself, only the SHA-256 of it. */
export interface StoredToken {
  readonly id: string;
  readonly userId: string;
  readonly hash: Uint8Array;
  readonly createdMillis: number;
  readonly expiresMillis: number;
  /** null: it was not revoked. */
  readonly revokedMillis: number | null;
}

/** The bearer of a token that is valid now. */
export interface Identity {
  readonly tokenId: string;
  readonly userId: string;
  readonly organisationId: string | null;
  readonly role: Role;
}
