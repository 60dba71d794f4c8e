//! What runs on the server, each script at once.
//!
//! Numbers of scripts are fractions of 53 bits, so that what may need more goes through them as text.

use crate::connect::redis::Script;

/// Adds to a number: key, summand, time to live in ms of a new one. Gives the sum as text.
pub(super) static INCR: Script = Script::new(
    "local there = redis.call('EXISTS', KEYS[1])
redis.call('INCRBY', KEYS[1], ARGV[1])
if there == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])",
);

/// As `INCR`, in a field of a map: key, field, summand, time to live in ms of a new map.
pub(super) static MAP_INCR: Script = Script::new(
    "local there = redis.call('EXISTS', KEYS[1])
redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
if there == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return redis.call('HGET', KEYS[1], ARGV[1])",
);

/// Puts a number where there is none or a lesser one: key, number, time to live in ms or nothing. Gives what is there.
pub(super) static SET_MAX: Script = Script::new(
    "local there, new = redis.call('GET', KEYS[1]), ARGV[1]
if there then
    local sign, digits = string.match(there, '^(-?)0*(%d+)$')
    if not digits or #digits > 19 then return redis.error_reply('ERR value is not an integer or out of range') end
    local new_sign, new_digits = string.match(new, '^(-?)(%d+)$')
    if digits == '0' then sign = '' end
    local longer, greater = #new_digits > #digits, #new_digits == #digits and new_digits > digits
    local same = new_digits == digits
    local more = sign ~= new_sign and new_sign == ''
        or sign == new_sign and not same and ((longer or greater) == (sign == ''))
    if not more then return sign .. digits end
end
if ARGV[2] == '' then redis.call('SET', KEYS[1], new) else redis.call('SET', KEYS[1], new, 'PX', ARGV[2]) end
return new",
);

/// Puts fields into a map: key, time to live in ms or nothing, field, value, field, value ...
pub(super) static MAP_PUT: Script = Script::new(
    "for at = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
if ARGV[1] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1",
);

/// Gives a lock: lock, last number; owner, time to live in ms. Gives the number, or nothing when another one has it.
pub(super) static LOCK: Script = Script::new(
    "local held = redis.call('GET', KEYS[1])
if held then
    local owner, token = string.match(held, '^(.*) (%d+)$')
    if owner ~= ARGV[1] then return false end
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return token
end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local token = string.format('%.0f', math.max(time[1] * 1000000 + time[2], last + 1))
redis.call('SET', KEYS[2], token)
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. token, 'PX', ARGV[2])
return token",
);

/// Renews a lock: lock; owner, time to live in ms.
pub(super) static RENEW: Script = Script::new(
    "local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^(.*) %d+$') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
);

/// Takes a lock from its owner: lock; owner.
pub(super) static UNLOCK: Script = Script::new(
    "local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^(.*) %d+$') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])",
);

/// Takes tokens out of a bucket: bucket; size, tokens that come back in a microsecond, tokens. Gives the microseconds
/// to wait. A bucket that says nothing any more is forgotten.
pub(super) static TAKE: Script = Script::new(
    "local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local burst, per, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 't', 'a')
local tokens, at = tonumber(kept[1] or burst), tonumber(kept[2] or now)
tokens = math.min(burst, tokens + math.max(0, now - at) * per)
if tokens + 1e-9 < wanted then
    return string.format('%.0f', math.max(1000, math.min(86400000000, math.ceil((wanted - tokens) / per))))
end
tokens = math.max(0, tokens - wanted)
redis.call('HSET', KEYS[1], 't', string.format('%.17g', tokens), 'a', string.format('%.0f', math.max(now, at)))
local full = math.min(86400000, math.ceil((burst - tokens) / per / 1000))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', full + 1))
return '0'",
);
