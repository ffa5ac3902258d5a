// The wall clock, read rarely. Asking the system for the time costs more than finding an entry (about 200 ns on a virtual machine),
// so a reading is used again until a timer of the resolution fires, after lru-cache's ttlResolution, and at most 64 times, so that
// time goes on inside a long synchronous loop as well. It never runs backwards.

const USES_OF_A_READING = 64;

/**
 * A function that gives ms since the epoch, at most about `resolutionMillis` late; 0: exact.
 * Idle it holds no timer, and the timer that it holds does not keep the process alive.
 */
export function coarseClock(resolutionMillis: number, read: () => number = Date.now): () => number {
  let latest = 0;
  if (resolutionMillis === 0) {
    return () => {
      latest = Math.max(latest, read());
      return latest;
    };
  }
  let uses = 0;
  let isTimed = false;
  const expire = () => {
    isTimed = false;
    uses = 0;
  };
  return () => {
    if (uses > 0) {
      uses--;
      return latest;
    }
    latest = Math.max(latest, read());
    uses = USES_OF_A_READING;
    if (!isTimed) {
      isTimed = true;
      setTimeout(expire, resolutionMillis).unref();
    }
    return latest;
  };
}
