// Whose settings somebody may see and change, and what applies in the end: user over organisation over global over the defaults.

import type { Identity } from "../identity.ts";
import { type ConfigOverrides, type ConfigScope, mergeConfig, type PreloadConfig } from "../preload-config.ts";
import type { ItemStore } from "../store/item-store.ts";
import { notFound, Problem } from "./problem.ts";

type Kind = ConfigScope["kind"];

/** A scope that the bearer has rights on. */
export interface ScopeTarget {
  readonly scope: ConfigScope;
  /** Of that user, or that organisation itself; null: none. */
  readonly organisationId: string | null;
}

/** Throws a Problem: `code` for an id that makes no sense, "forbidden", or "not-found" for what is not there and for what belongs to another organisation alike. */
export async function scopeOf(
  store: ItemStore,
  identity: Identity,
  kind: Kind,
  id: string | undefined,
  code: "invalid-body" | "invalid-query",
): Promise<ScopeTarget> {
  const { role } = identity;
  if (kind === "global") {
    if (id !== undefined) throw new Problem(code, "id: the global scope has none");
    if (role !== "admin") throw new Problem("forbidden", "Only an admin may do that for everybody.");
    return { scope: { kind }, organisationId: null };
  }
  if (kind === "organisation") {
    if (role === "user") throw new Problem("forbidden", "Only an admin may do that for an organisation.");
    const wanted = id ?? identity.organisationId;
    if (wanted === null) throw new Problem(code, "id: is needed: you are of no organisation");
    const isOwn = wanted === identity.organisationId;
    if (!isOwn && (role !== "admin" || (await store.organisation(wanted)) === undefined)) throw notFound();
    return { scope: { kind, id: wanted }, organisationId: wanted };
  }
  const wanted = id ?? identity.userId;
  if (wanted === identity.userId) return { scope: { kind, id: wanted }, organisationId: identity.organisationId };
  if (role === "user") throw new Problem("forbidden", "Only an admin may do that for another user.");
  const user = await store.user(wanted);
  if (user === undefined) throw notFound();
  if (role !== "admin" && user.organisationId !== identity.organisationId) throw notFound();
  return { scope: { kind, id: wanted }, organisationId: user.organisationId };
}

/** What applies in a scope, where each setting comes from, and what the scope sets by itself. */
export async function effectiveConfig(store: ItemStore, { scope, organisationId }: ScopeTarget) {
  const layers: [Kind, ConfigOverrides][] = [["global", await store.config({ kind: "global" })]];
  if (organisationId !== null && scope.kind !== "global")
    layers.push(["organisation", await store.config({ kind: "organisation", id: organisationId })]);
  if (scope.kind === "user") layers.push(["user", await store.config(scope)]);
  const config = mergeConfig(...layers.map(([, overrides]) => overrides));
  const sources = {} as Record<keyof PreloadConfig, Kind | "default">;
  for (const key of Object.keys(config) as (keyof PreloadConfig)[])
    sources[key] = layers.filter(([, overrides]) => overrides[key] !== undefined).at(-1)?.[0] ?? "default";
  const own = layers.find(([kind]) => kind === scope.kind)?.[1] ?? {};
  return { scope: scope.kind, id: scope.kind === "global" ? null : scope.id, config, sources, overrides: own };
}

/** What a scope sets after a change; null takes a setting back. */
export function changedOverrides(
  before: ConfigOverrides,
  changes: { readonly [Key in keyof PreloadConfig]?: PreloadConfig[Key] | null | undefined },
): ConfigOverrides {
  const after = Object.entries({ ...before, ...withoutUndefined(changes) });
  return Object.fromEntries(after.filter(([, value]) => value !== null && value !== undefined));
}

function withoutUndefined(changes: object): object {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
