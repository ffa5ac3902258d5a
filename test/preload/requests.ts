import type { PreloadRequest } from "../../preload/queue.ts";

/** A speculative request; what matters is said. */
export function request(component: string, said: Partial<PreloadRequest> = {}): PreloadRequest {
  return {
    component,
    isRequired: false,
    priority: 0,
    confidence: 0.5,
    step: 1,
    source: "test",
    user: "",
    bytes: 100,
    loadRatio: 1,
    ...said,
  };
}
