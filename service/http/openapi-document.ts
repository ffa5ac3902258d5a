// The API as an OpenAPI 3.1 document, made of the routes themselves.

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { PROBLEMS } from "./problem.ts";
import { problemsOf, type Route } from "./route.ts";
import { ProblemSchema } from "./schemas.ts";

type Registry = OpenAPIHono["openAPIRegistry"];
type Responses = Parameters<Registry["registerPath"]>[0]["responses"];
type Content = Readonly<Record<string, { readonly schema: z.ZodType }>>;

export function registerRoutes(registry: Registry, routes: readonly Route[]): void {
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer", bearerFormat: "mp_..." });
  registry.register("Problem", ProblemSchema);
  for (const route of routes) {
    const headers = Object.entries(route.headers ?? {});
    const shape = Object.fromEntries(
      headers.map(([name, description]) => [name, z.string().optional().describe(description)]),
    );
    registry.registerPath({
      method: route.method,
      path: route.path,
      summary: route.summary,
      ...(route.access === "open" ? {} : { security: [{ token: [] }] }),
      request: {
        ...(route.path.includes("{id}") ? { params: z.object({ id: z.string() }) } : {}),
        ...(route.query === undefined ? {} : { query: route.query as z.ZodObject }),
        ...(headers.length === 0 ? {} : { headers: z.object(shape) }),
        ...(route.body === undefined
          ? {}
          : {
              body: {
                required: route.isBodyOptional !== true,
                content: { "application/json": { schema: route.body as z.ZodType } },
              },
            }),
      },
      responses: responsesOf(route),
    });
  }
}

function responsesOf(route: Route): Responses {
  const described = new Map<number, { words: string[]; content: Content }>();
  const add = (status: number, words: string, content: Content) => {
    const before = described.get(status);
    described.set(status, { words: [...(before?.words ?? []), words], content: { ...before?.content, ...content } });
  };
  for (const { status, description, schema, contentType } of route.answers) {
    const type = contentType ?? "application/json";
    const any = type === "application/json" ? z.object({}) : z.string();
    add(status, description, status === 204 || status === 304 ? {} : { [type]: { schema: schema ?? any } });
  }
  for (const code of problemsOf(route)) {
    const { status, title } = PROBLEMS[code];
    add(status, `${code}: ${title}`, { "application/problem+json": { schema: ProblemSchema } });
  }
  return Object.fromEntries(
    [...described].map(([status, { words, content }]) => [status, { description: words.join("; "), content }]),
  ) as Responses;
}
