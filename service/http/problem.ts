// What the service answers when it cannot do what was asked: one shape for all (RFC 9457), a code from one list, and never a stack, a
// path or a word of somebody else's.

/** Every code, its status and its title. */
export const PROBLEMS = {
  "invalid-request": { status: 400, title: "The request is not HTTP as it should be" },
  "invalid-json": { status: 400, title: "The body is not JSON" },
  "invalid-body": { status: 400, title: "The body does not fit" },
  "invalid-query": { status: 400, title: "The query does not fit" },
  unauthenticated: { status: 401, title: "A valid token is needed" },
  forbidden: { status: 403, title: "This token may not do that" },
  "not-found": { status: 404, title: "There is no such thing" },
  "method-not-allowed": { status: 405, title: "This path has no such method" },
  "request-timeout": { status: 408, title: "The request did not arrive in time" },
  "version-conflict": { status: 412, title: "It has changed since" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "path-too-long": { status: 414, title: "The path with its query is too long" },
  "unsupported-media-type": { status: 415, title: "The body is not declared as JSON" },
  "rate-limited": { status: 429, title: "Too many requests" },
  "headers-too-large": { status: 431, title: "The headers are too large" },
  internal: { status: 500, title: "A mistake of the service" },
  unavailable: { status: 503, title: "A part of the service does not answer" },
  overdue: { status: 503, title: "The answer took too long" },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

/** What is wrong with one part of a body or a query. */
export interface Fault {
  /** "quotas.recent", "contexts[2]"; "" for the whole. */
  readonly path: string;
  readonly message: string;
}

export interface ProblemDocument {
  readonly type: string;
  readonly code: ProblemCode;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly faults?: readonly Fault[];
}

const HEADERS = {
  "content-type": "application/problem+json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** Thrown anywhere below the routes; the app makes the answer of it. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly faults: readonly Fault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param headers further ones: Retry-After, Allow */
  constructor(
    code: ProblemCode,
    detail: string,
    { faults, headers = {} }: { faults?: readonly Fault[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.code = code;
    this.faults = faults;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** The same for an id that nobody has and for one that the bearer may not see. */
export function notFound(): Problem {
  return new Problem("not-found", "It does not exist, or you may not see it.");
}

/** The same for no token, a malformed, an unknown, an expired and a revoked one. */
export function unauthenticated(): Problem {
  return new Problem("unauthenticated", "Send a valid token: Authorization: Bearer mp_...", {
    headers: { "www-authenticate": 'Bearer realm="mempred"' },
  });
}

export function problemDocument({ code, message, faults }: Problem): ProblemDocument {
  const { status, title } = PROBLEMS[code];
  const document = { type: `urn:mempred:problem:${code}`, code, title, status, detail: message };
  return faults === undefined ? document : { ...document, faults };
}

export function problemHeaders(problem: Problem): Record<string, string> {
  return { ...HEADERS, ...problem.headers };
}

export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problemDocument(problem)), {
    status: problem.status,
    headers: problemHeaders(problem),
  });
}
