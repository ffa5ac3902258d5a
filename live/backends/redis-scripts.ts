// What the Redis backend does in one step on the server. An entry knows its tags (they stand in its bytes, entry-codec.ts); a
// tag's sorted set knows the keys of its entries, scored by when they end, and ends itself with the last of them. Keys reach
// the scripts without the prefix, since a set holds them so. Values do not go through scripts: each would be copied there, and
// the copy counts as memory of the server until its next collection.

import { HEADER_BYTES, TAGS_LENGTH_AT } from "./entry-codec.ts";

export interface RedisScript {
  readonly lua: string;
  /** How many of the arguments are keys. */
  readonly keyCount: number;
}

/** Shared beginning: the tags in the bytes of the entry at `entry`, which may be absent or unreadable (then: none). */
const TAGS_OF = `
local function tags_of(entry)
  local found = {}
  local head = redis.pcall('GETRANGE', entry, 0, ${HEADER_BYTES - 1})
  if type(head) ~= 'string' or #head < ${HEADER_BYTES} then return found end
  local left = struct.unpack('<I4', head, ${TAGS_LENGTH_AT + 1})
  if left == 0 then return found end
  local bytes = redis.call('GETRANGE', entry, ${HEADER_BYTES}, ${HEADER_BYTES - 1} + left)
  local at = 1
  while at + 4 <= #bytes do
    local length = struct.unpack('<I4', bytes, at)
    found[#found + 1] = string.sub(bytes, at + 4, at + 3 + length)
    at = at + 4 + length
  end
  return found
end
`;

/** KEYS: the entry, about to be replaced. ARGV: prefix of tags, key. Its tags forget it. */
export const UNTAG: RedisScript = {
  keyCount: 1,
  lua: `${TAGS_OF}
for _, tag in ipairs(tags_of(KEYS[1])) do redis.call('ZREM', ARGV[1] .. tag, ARGV[2]) end
return 1`,
};

/**
 * KEYS: the entry, just stored. ARGV: prefix of tags, key, now, end ("+inf" for none). Its tags know it from now on, and forget
 * those whose end has come.
 */
export const TAG: RedisScript = {
  keyCount: 1,
  lua: `${TAGS_OF}
for _, tag in ipairs(tags_of(KEYS[1])) do
  local set = ARGV[1] .. tag
  redis.call('ZREMRANGEBYSCORE', set, '-inf', ARGV[3])
  redis.call('ZADD', set, ARGV[4], ARGV[2])
  local last = redis.call('ZRANGE', set, -1, -1, 'WITHSCORES')[2]
  if last == 'inf' then redis.call('PERSIST', set)
  else redis.call('PEXPIRE', set, string.format('%.0f', math.max(1, tonumber(last) - tonumber(ARGV[3])))) end
end
return 1`,
};

/** KEYS: the entry. ARGV: prefix of tags, key. Returns 1 if there was one. */
export const DELETE_ENTRY: RedisScript = {
  keyCount: 1,
  lua: `${TAGS_OF}
for _, tag in ipairs(tags_of(KEYS[1])) do redis.call('ZREM', ARGV[1] .. tag, ARGV[2]) end
return redis.call('UNLINK', KEYS[1])`,
};

/** KEYS: the tag's set. ARGV: prefix of entries, tag, how many at most. Returns {seen, deleted}; seen = 0: done. */
export const DELETE_TAG: RedisScript = {
  keyCount: 1,
  lua: `${TAGS_OF}
local keys = redis.call('ZRANGE', KEYS[1], 0, ARGV[3] - 1)
local deleted = 0
for _, key in ipairs(keys) do
  for _, tag in ipairs(tags_of(ARGV[1] .. key)) do
    if tag == ARGV[2] then
      deleted = deleted + redis.call('UNLINK', ARGV[1] .. key)
      break
    end
  end
end
if #keys > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, #keys - 1) end
return {#keys, deleted}`,
};

/** KEYS: anything. ARGV: the value that it must still have to be deleted. For leases, and for entries that proved damaged. */
export const DELETE_IF_EQUAL: RedisScript = {
  keyCount: 1,
  lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`,
};
