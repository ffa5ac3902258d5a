// The live page as the service offers it: the file as it was built, and a policy for browsers that lets it run its own scripts, by
// their digests, and its worker, and lets it ask nobody for anything.

import { createHash } from "node:crypto";

export interface LivePage {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

/** @param html with its scripts inside */
export function livePage(html: string): LivePage {
  const scripts = [...html.matchAll(/<script(?![^>]*application\/json)[^>]*>([\s\S]*?)<\/script>/g)];
  const digests = scripts.map(([, text]) => `'sha256-${createHash("sha256").update(text!).digest("base64")}'`);
  const policy = [
    "default-src 'none'",
    `script-src ${digests.join(" ")} blob:`,
    "worker-src blob: data:",
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return { html, contentSecurityPolicy: policy.join("; ") };
}
