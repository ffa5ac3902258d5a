// What is set for each user in the end: user over organisation over everybody over the defaults, key by key. Read once and kept
// until a setting changes.

import { createHash } from "node:crypto";
import { type ConfigOverrides, mergeConfig, type PreloadConfig } from "../preload-config.ts";
import type { ItemStore } from "../store/item-store.ts";

export interface EffectiveConfig {
  readonly config: PreloadConfig;
  /** Of what decides which items are in the lists: lists of another setting are not believed. */
  readonly fingerprint: string;
}

const MOST_ENTRIES = 200_000;

export class ConfigCache {
  readonly #store: ItemStore;
  #users = new Map<string, EffectiveConfig>();
  #wide = new Map<string, Promise<ConfigOverrides>>();
  #made = new Map<string, EffectiveConfig>();

  constructor(store: ItemStore) {
    this.#store = store;
  }

  /** @param organisationId undefined: the store is asked. Throws what the store throws. */
  async of(userId: string, organisationId?: string | null): Promise<EffectiveConfig> {
    const users = this.#users;
    const known = users.get(userId);
    if (known !== undefined) return known;
    const own = this.#store.config({ kind: "user", id: userId });
    own.catch(() => undefined);
    const organisation =
      organisationId === undefined ? (await this.#store.user(userId))?.organisationId : organisationId;
    const [global, shared, mine] = await Promise.all([
      this.#wider("global"),
      organisation == null ? {} : this.#wider(organisation),
      own,
    ]);
    const effective = this.#make(global, shared, mine);
    users.set(userId, effective); // into the old map, when settings changed meanwhile
    if (users.size > MOST_ENTRIES) users.delete(users.keys().next().value!);
    return effective;
  }

  /** What is set for everybody. */
  async global(): Promise<PreloadConfig> {
    return this.#make(await this.#wider("global")).config;
  }

  /** A setting changed. */
  clear(): void {
    this.#users = new Map();
    this.#wide = new Map();
    this.#made = new Map();
  }

  #wider(organisation: string | "global"): Promise<ConfigOverrides> {
    const wide = this.#wide;
    let overrides = wide.get(organisation);
    if (overrides === undefined) {
      const isGlobal = organisation === "global";
      overrides = this.#store.config(isGlobal ? { kind: "global" } : { kind: "organisation", id: organisation });
      wide.set(organisation, overrides);
      overrides.catch(() => wide.delete(organisation));
    }
    return overrides;
  }

  /** Most users have no setting of their own and share one object. */
  #make(...overrides: ConfigOverrides[]): EffectiveConfig {
    const config = mergeConfig(...overrides);
    const text = JSON.stringify(config);
    let effective = this.#made.get(text);
    if (effective === undefined) {
      const { isEnabled: _, refreshMinutes: __, ...deciding } = config;
      const fingerprint = createHash("sha256").update(JSON.stringify(deciding)).digest("hex").slice(0, 12);
      effective = { config, fingerprint };
      this.#made.set(text, effective);
    }
    return effective;
  }
}
