// What goes in and what comes out, once: requests are checked against these, and /openapi.json is made of them. Names of fields carry
// their units.

import { z } from "@hono/zod-openapi";
import { ROLES } from "../identity.ts";
import { CONTEXT_PATTERN, MAX_CONTENT_BYTES, MAX_CONTEXTS, VISIBILITIES } from "../item.ts";
import { DEFAULT_CONFIG } from "../preload-config.ts";
import { PROBLEM_CODES } from "./problem.ts";

export const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 200;
/** Most users that one trigger names. */
export const MAX_TRIGGERED_USERS = 1_000;
const DAY_SECONDS = 86_400;
export const DEFAULT_TOKEN_SECONDS = 90 * DAY_SECONDS;

export const ID_PATTERN = /^[a-z0-9-]{1,64}$/;
const id = z.string().regex(ID_PATTERN, "is no id: 1 to 64 of a-z, 0-9 and -");
const millis = z.int().nonnegative().describe("ms since the epoch");
const context = z
  .string()
  .regex(CONTEXT_PATTERN, "is no context: 1 to 64 of a-z, 0-9, _ and -, the first a letter or a digit");
const limit = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, `is to be a whole number from 1 to ${MAX_LIMIT}`)
  .transform(Number)
  .pipe(z.number().max(MAX_LIMIT, `is to be at most ${MAX_LIMIT}`))
  .default(DEFAULT_LIMIT)
  .openapi({ type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT });

const content = z
  .string()
  .refine((text) => !text.includes("\0"), "has a NUL character in it")
  .refine((text) => Buffer.byteLength(text) <= MAX_CONTENT_BYTES, `is to have at most ${MAX_CONTENT_BYTES} bytes`)
  .openapi({ description: `UTF-8, at most ${MAX_CONTENT_BYTES} bytes, without NUL` });
const contexts = z
  .array(context)
  .max(MAX_CONTEXTS)
  .refine((all) => new Set(all).size === all.length, "names a context twice")
  .openapi({ uniqueItems: true });
const importance = z.number().min(0).max(1);
const isPinned = z.boolean();
const visibility = z.enum(VISIBILITIES);

/** A whole item, as it is made or put: what is left out has its default. */
export const ItemDraftSchema = z
  .strictObject({
    content,
    contexts: contexts.default([]),
    importance: importance.default(0),
    isPinned: isPinned.default(false),
    visibility: visibility.default("private"),
  })
  .openapi("ItemDraft");

/** Changes of an item. */
export const ItemChangesSchema = z
  .strictObject({ content, contexts, importance, isPinned, visibility })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "changes nothing")
  .openapi("ItemChanges");

export const ItemSchema = z
  .object({
    id,
    ownerId: id,
    content,
    contexts,
    visibility,
    createdMillis: millis,
    updatedMillis: millis,
    version: z.int().positive().describe("1, then one more with each change; the ETag is made of it"),
    importance: importance.optional().describe("the owner sees it"),
    isPinned: isPinned.optional().describe("the owner sees it"),
    organisationId: id.nullable().optional().describe("the owner sees it"),
    useCount: z.int().nonnegative().optional().describe("the owner sees it; may lag by seconds"),
    lastUsedMillis: millis.optional().describe("the owner sees it; may lag by seconds"),
  })
  .openapi("Item");

export const ItemPageSchema = z
  .object({ items: z.array(ItemSchema), next: z.string().nullable().describe("for `after`; null: that was all") })
  .openapi("ItemPage");

export const RetrievalSchema = z
  .object({
    servedFrom: z.enum(["preloaded", "store", "both"]),
    items: z.array(
      z.object({
        strategy: z.enum(["recent", "frequent", "important", "context", "trending"]),
        relevance: z.number().nonnegative(),
        item: ItemSchema,
      }),
    ),
  })
  .openapi("Retrieval");

export const LimitQuerySchema = z.strictObject({ limit });
export const RelevantQuerySchema = z.strictObject({
  context: z
    .array(context, "is needed")
    .min(1)
    .max(MAX_CONTEXTS)
    .transform((all) => [...new Set(all)])
    .openapi({ type: "array", items: { type: "string", pattern: CONTEXT_PATTERN.source }, maxItems: MAX_CONTEXTS }),
  limit,
});
export const PageQuerySchema = z.strictObject({ limit, after: z.string().min(1).max(256).optional() });

export const TriggerSchema = z
  .strictObject({
    users: z
      .union([z.literal("all"), z.array(id).min(1).max(MAX_TRIGGERED_USERS)], 'is to be a list of ids, or "all"')
      .optional()
      .describe("left out: yourself"),
  })
  .openapi("Trigger");

export const RunSchema = z
  .object({
    id: z.string(),
    reason: z.enum(["startup", "refresh", "trigger"]),
    state: z.enum(["running", "done", "stopped"]),
    startedMillis: millis,
    endedMillis: millis.nullable(),
    users: z.object({ planned: z.int(), done: z.int(), failed: z.int(), skipped: z.int() }),
    items: z.int(),
    bytes: z.int(),
    stoppedBy: z.string().nullable(),
  })
  .openapi("Run");

export const PartSchema = z
  .object({
    part: z.string(),
    state: z.enum(["up", "degraded", "down"]),
    sinceMillis: millis,
    reason: z.string().optional().describe("an admin sees it"),
  })
  .openapi("Part");

export const StatusSchema = z
  .object({
    runs: z.array(RunSchema),
    retrievals: z.object({ preloaded: z.int(), store: z.int(), both: z.int() }),
    cache: z.object({ keys: z.int(), bytes: z.int(), limitBytes: z.number() }),
    pressure: z.object({ level: z.string(), ratio: z.number() }),
    health: z.array(PartSchema),
  })
  .openapi("PreloadStatus");

const share = z.number().min(0).max(1);
const fields = {
  isEnabled: z.boolean(),
  itemsPerUser: z.int().min(1).max(1_000),
  bytesPerUser: z.int().min(1_024).max(67_108_864),
  recentDays: z.number().positive().max(365),
  frequentUses: z.int().min(1).max(1_000_000),
  importantFrom: share,
  refreshMinutes: z.number().min(1).max(1_440),
  quotas: z
    .strictObject({ recent: share, frequent: share, important: share, context: share })
    .refine((q) => Math.abs(q.recent + q.frequent + q.important + q.context - 1) < 1e-9, "is to add to 1"),
};

export const ConfigSchema = z.object(fields).openapi("PreloadConfig", { example: DEFAULT_CONFIG });

/** What a scope sets; null takes a setting back. */
export const OverridesSchema = z
  .strictObject({
    isEnabled: fields.isEnabled.nullable(),
    itemsPerUser: fields.itemsPerUser.nullable(),
    bytesPerUser: fields.bytesPerUser.nullable(),
    recentDays: fields.recentDays.nullable(),
    frequentUses: fields.frequentUses.nullable(),
    importantFrom: fields.importantFrom.nullable(),
    refreshMinutes: fields.refreshMinutes.nullable(),
    quotas: fields.quotas.nullable(),
  })
  .partial();

const scope = z.enum(["user", "organisation", "global"]);
const source = z.enum(["user", "organisation", "global", "default"]);

export const ConfigQuerySchema = z.strictObject({ scope: scope.default("user"), id: id.optional() });
export const ConfigChangeSchema = z
  .strictObject({
    scope: scope.default("user"),
    id: id.optional().describe("left out: yourself, or your organisation"),
    config: OverridesSchema,
  })
  .openapi("ConfigChange");
export const EffectiveConfigSchema = z
  .object({
    scope,
    id: id.nullable(),
    config: ConfigSchema.describe("what applies"),
    sources: z.object({
      isEnabled: source,
      itemsPerUser: source,
      bytesPerUser: source,
      recentDays: source,
      frequentUses: source,
      importantFrom: source,
      refreshMinutes: source,
      quotas: source,
    }),
    overrides: ConfigSchema.partial().describe("what this scope sets by itself"),
  })
  .openapi("EffectiveConfig");

export const NewOrganisationSchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(128)
      .refine((text) => !text.includes("\0"), "has a NUL character in it"),
  })
  .openapi("NewOrganisation");
export const OrganisationSchema = z.object({ id, name: z.string(), createdMillis: millis }).openapi("Organisation");
export const NewUserSchema = z
  .strictObject({ organisationId: id.nullable().default(null), role: z.enum(ROLES).default("user") })
  .refine((user) => user.role !== "organisation-admin" || user.organisationId !== null, {
    message: "is needed: an organisation-admin has an organisation",
    path: ["organisationId"],
  })
  .openapi("NewUser");
export const UserSchema = z
  .object({
    id,
    organisationId: id.nullable(),
    role: z.enum(ROLES),
    createdMillis: millis,
    lastActiveMillis: millis,
  })
  .openapi("User");
export const NewTokenSchema = z
  .strictObject({
    expiresInSeconds: z
      .int()
      .min(1)
      .max(3_660 * DAY_SECONDS)
      .default(DEFAULT_TOKEN_SECONDS),
  })
  .openapi("NewToken");
const tokenFields = { id, createdMillis: millis, expiresMillis: millis, revokedMillis: millis.nullable() };
export const TokenSchema = z.object(tokenFields).openapi("Token");
export const FreshTokenSchema = z
  .object({ ...tokenFields, token: z.string().describe("shown now and never again") })
  .openapi("FreshToken");
export const TokenListSchema = z.object({ tokens: z.array(TokenSchema) }).openapi("TokenList");

export const ReadinessSchema = z.object({ isReady: z.boolean(), parts: z.array(PartSchema) }).openapi("Readiness");

export const ProblemSchema = z
  .strictObject({
    type: z.string().regex(/^urn:mempred:problem:[a-z-]+$/),
    code: z.enum(PROBLEM_CODES),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    faults: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");
