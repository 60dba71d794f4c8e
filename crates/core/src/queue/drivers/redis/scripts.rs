//! What runs on the server. `KEYS[1]` is what all keys of the queue start with.

use crate::connect::redis::Script;

macro_rules! script {
    ($text:literal) => {
        Script::new(concat!(
            "local t = redis.call('TIME')\n",
            "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n",
            "local base = KEYS[1]\n",
            "local function free(m, id)\n",
            "  local key = redis.call('HMGET', m, 'ukey', 'ukeep')\n",
            "  if key[1] and key[1] ~= '' and key[2] ~= '1' then\n",
            "    local k = base .. 'key:' .. key[1]\n",
            "    if redis.call('GET', k) == id then redis.call('DEL', k) end\n",
            "  end\n",
            "end\n",
            "local function ring()\n",
            "  redis.call('LPUSH', base .. 'bell', '1')\n",
            "  redis.call('LTRIM', base .. 'bell', 0, 31)\n",
            "end\n",
            $text
        ))
    };
}

/// Nine arguments a message: id, body, priority, delay, time to expire or -1, attempts, unique key, its time or -1,
/// whether that is kept. For each whether it was stored.
pub(super) static PUT: Script = script!(
    r"
local out, stored = {}, false
for i = 1, #ARGV, 9 do
  local id, key, ttl = ARGV[i], ARGV[i + 6], tonumber(ARGV[i + 7])
  local m = base .. 'm:' .. id
  local new = redis.call('EXISTS', m) == 0
  if new and key ~= '' then
    local k = base .. 'key:' .. key
    if ttl >= 0 then new = redis.call('SET', k, id, 'NX', 'PX', math.max(ttl, 1))
    else new = redis.call('SET', k, id, 'NX') end
  end
  if new then
    local delay, expires = tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
    local due = now + delay
    local place = (10 - tonumber(ARGV[i + 2])) * 10000000000000 + due
    redis.call('HSET', m, 'body', ARGV[i + 1], 'priority', ARGV[i + 2], 'attempt', 0, 'attempts', ARGV[i + 5],
      'created', now, 'place', place, 'ukey', key, 'ukeep', ARGV[i + 8])
    if expires >= 0 then redis.call('HSET', m, 'expires', now + expires) end
    if delay > 0 then
      redis.call('ZADD', base .. 'scheduled', due, id)
    else
      redis.call('ZADD', base .. 'available', place, id)
    end
    stored = true
  end
  out[#out + 1] = new and 1 or 0
end
if stored then ring() end
return out
"
);

/// The most messages, for how long, by which token. Milliseconds until the next message is due or -1, and messages as
/// id, body, attempt, attempts, and 1 if it has expired or 2 if it was cancelled.
pub(super) static TAKE: Script = script!(
    r"
for _, state in ipairs({'scheduled', 'retryable', 'executing'}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. state, '-inf', now, 'LIMIT', 0, 1000)) do
    local place = redis.call('HGET', base .. 'm:' .. id, 'place')
    redis.call('ZREM', base .. state, id)
    if place then
      redis.call('HDEL', base .. 'm:' .. id, 'token')
      redis.call('ZADD', base .. 'available', place, id)
    end
  end
end
for _, state in ipairs({'completed', 'cancelled', 'discarded'}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. state, '-inf', now, 'LIMIT', 0, 500)) do
    redis.call('ZREM', base .. state, id)
    redis.call('UNLINK', base .. 'm:' .. id)
  end
end
local out = {}
local got = redis.call('ZPOPMIN', base .. 'available', ARGV[1])
local due = now + tonumber(ARGV[2])
for i = 1, #got, 2 do
  local id = got[i]
  local m = base .. 'm:' .. id
  local fields = redis.call('HMGET', m, 'body', 'attempts', 'expires', 'cancel')
  if fields[1] then
    local attempt = redis.call('HINCRBY', m, 'attempt', 1)
    redis.call('HSET', m, 'token', ARGV[3])
    redis.call('ZADD', base .. 'executing', due, id)
    local mark = 0
    if fields[4] then mark = 2 elseif fields[3] and tonumber(fields[3]) <= now then mark = 1 end
    out[#out + 1] = {id, fields[1], attempt, tonumber(fields[2]), mark}
  end
end
if #got >= 2 * tonumber(ARGV[1]) and redis.call('EXISTS', base .. 'available') == 1 then ring() end
local next = -1
for _, state in ipairs({'scheduled', 'retryable', 'executing'}) do
  local first = redis.call('ZRANGE', base .. state, 0, 0, 'WITHSCORES')
  if first[2] then
    local left = math.max(tonumber(first[2]) - now, 0)
    if next < 0 or left < next then next = left end
  end
end
return {next, out}
"
);

/// Six arguments a message: id, token, fate, text with a mark before it or nothing, milliseconds of the pause or of
/// keeping, and those of keeping one that was cancelled. For each whether it was the taker's.
pub(super) static SETTLE: Script = script!(
    r"
local out, returned = {}, false
local final = {c = 'completed', d = 'discarded', x = 'cancelled'}
for i = 1, #ARGV, 6 do
  local id, fate, text, time = ARGV[i], ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4])
  local m = base .. 'm:' .. id
  local mine = redis.call('HGET', m, 'token') == ARGV[i + 1] and redis.call('ZREM', base .. 'executing', id) == 1
  if mine then
    if not final[fate] and redis.call('HEXISTS', m, 'cancel') == 1 then
      fate, text, time = 'x', '', tonumber(ARGV[i + 5])
    end
    redis.call('HDEL', m, 'token', 'cancel')
    if final[fate] then
      free(m, id)
      if time <= 0 then
        redis.call('UNLINK', m)
      else
        redis.call('HSET', m, 'ended', now)
        if text ~= '' then redis.call('HSET', m, fate == 'c' and 'result' or 'error', string.sub(text, 2)) end
        redis.call('ZADD', base .. final[fate], now + time, id)
      end
    elseif fate == 'r' and time > 0 then
      redis.call('HSET', m, 'error', string.sub(text, 2))
      redis.call('ZADD', base .. 'retryable', now + time, id)
      returned = true
    else
      if fate == 'b' then redis.call('HINCRBY', m, 'attempt', -1)
      else redis.call('HSET', m, 'error', string.sub(text, 2)) end
      redis.call('ZADD', base .. 'available', redis.call('HGET', m, 'place'), id)
      returned = true
    end
  end
  out[#out + 1] = mine and 1 or 0
end
if returned then ring() end
return out
"
);

/// Milliseconds, then two arguments a message: id, token. For each 0 lost, 1 held, 2 to be cancelled.
pub(super) static EXTEND: Script = script!(
    r"
local out = {}
for i = 2, #ARGV, 2 do
  local fields = redis.call('HMGET', base .. 'm:' .. ARGV[i], 'token', 'cancel')
  if fields[1] == ARGV[i + 1] then
    redis.call('ZADD', base .. 'executing', 'XX', now + tonumber(ARGV[1]), ARGV[i])
    out[#out + 1] = fields[2] and 2 or 1
  else
    out[#out + 1] = 0
  end
end
return out
"
);

/// Id, milliseconds of keeping. 0 too late, 1 now, 2 asked.
pub(super) static CANCEL: Script = script!(
    r"
local id = ARGV[1]
local m = base .. 'm:' .. id
if redis.call('ZSCORE', base .. 'executing', id) then
  redis.call('HSET', m, 'cancel', '1')
  return 2
end
for _, state in ipairs({'available', 'scheduled', 'retryable'}) do
  if redis.call('ZREM', base .. state, id) == 1 then
    free(m, id)
    redis.call('HSET', m, 'ended', now)
    redis.call('ZADD', base .. 'cancelled', now + tonumber(ARGV[2]), id)
    return 1
  end
end
return 0
"
);

/// Ids, or `state` and a number in their place: state, time, id, and fields with values of each that is there.
pub(super) static LOOK: Script = script!(
    r"
local out = {}
local states = {'available', 'scheduled', 'executing', 'retryable', 'completed', 'cancelled', 'discarded'}
local ids = {ARGV[1]}
if #ARGV == 2 then
  states = {ARGV[1]}
  ids = redis.call('ZREVRANGE', base .. ARGV[1], 0, tonumber(ARGV[2]) - 1)
end
for _, id in ipairs(ids) do
  for _, state in ipairs(states) do
    local score = redis.call('ZSCORE', base .. state, id)
    if score then
      out[#out + 1] = {state, score, id, redis.call('HGETALL', base .. 'm:' .. id)}
    end
  end
end
return out
"
);

/// Key, owner, milliseconds: who has it.
pub(super) static TAKE_KEY: Script = script!(
    r"
local k = base .. 'key:' .. ARGV[1]
local ttl = math.max(tonumber(ARGV[3]), 1)
if redis.call('SET', k, ARGV[2], 'NX', 'PX', ttl) then return ARGV[2] end
local owner = redis.call('GET', k)
if owner == ARGV[2] then redis.call('PEXPIRE', k, ttl) end
return owner
"
);

/// Key, owner.
pub(super) static FREE_KEY: Script = script!(
    r"
local k = base .. 'key:' .. ARGV[1]
if redis.call('GET', k) == ARGV[2] then redis.call('DEL', k) end
return 1
"
);

/// Removes up to so many messages of a state; how many there were.
pub(super) static PURGE: Script = script!(
    r"
local ids = redis.call('ZRANGE', base .. ARGV[1], 0, tonumber(ARGV[2]) - 1)
for _, id in ipairs(ids) do
  free(base .. 'm:' .. id, id)
  redis.call('UNLINK', base .. 'm:' .. id)
  redis.call('ZREM', base .. ARGV[1], id)
end
redis.call('DEL', base .. 'bell')
return #ids
"
);
