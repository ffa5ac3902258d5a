// What is preloaded, and how much: as it is set for everybody, for an organisation and for one user. The narrower wins, key by key.

export interface PreloadConfig {
  readonly isEnabled: boolean;
  /** Most items of one user that are kept warm. */
  readonly itemsPerUser: number;
  /** Most bytes of them, as they lie in the cache. */
  readonly bytesPerUser: number;
  /** An item is recent for so long after it was last used or changed. */
  readonly recentDays: number;
  /** An item is frequent from so many uses on. */
  readonly frequentUses: number;
  /** An item is important from this importance on, or when it is pinned. */
  readonly importantFrom: number;
  /** Time between refreshes. */
  readonly refreshMinutes: number;
  /** Shares of itemsPerUser; they add to 1. What one cannot fill goes to the others. */
  readonly quotas: {
    readonly recent: number;
    readonly frequent: number;
    readonly important: number;
    readonly context: number;
  };
}

export const DEFAULT_CONFIG: PreloadConfig = {
  isEnabled: true,
  itemsPerUser: 100,
  bytesPerUser: 4_194_304,
  recentDays: 7,
  frequentUses: 5,
  importantFrom: 0.7,
  refreshMinutes: 30,
  quotas: { recent: 0.4, frequent: 0.3, important: 0.2, context: 0.1 },
};

/** Where a setting was made: for everybody, for an organisation, for a user. */
export type ConfigScope =
  | { readonly kind: "global" }
  | { readonly kind: "organisation"; readonly id: string }
  | { readonly kind: "user"; readonly id: string };

/** What one scope sets; what it leaves out comes from the wider one. */
export type ConfigOverrides = {
  readonly [Key in keyof PreloadConfig]?: PreloadConfig[Key] | undefined;
};

/** Narrowest last. */
export function mergeConfig(...overrides: readonly ConfigOverrides[]): PreloadConfig {
  const merged: Record<string, unknown> = { ...DEFAULT_CONFIG };
  for (const one of overrides) {
    for (const [key, value] of Object.entries(one)) if (value !== undefined) merged[key] = value;
  }
  return merged as unknown as PreloadConfig;
}
