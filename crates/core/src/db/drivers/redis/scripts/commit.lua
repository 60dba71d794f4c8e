-- Applies changes of records together, after all of them were checked: nothing is written when one does not hold.
-- ARGV: the changes one after the other; how a change is written down is said in commit.rs.
-- Reply: {'ok'}, or {'layout' | 'conflict' | 'taken', the number of the change}.

local VERSION, UNIQUE = '\0v', '\0u'
local at, layouts, versions, owners = 1, {}, {}, {}

local function take()
  at = at + 1
  return ARGV[at - 1]
end

local function pairs_of()
  local list = {}
  for i = 1, tonumber(take()) do
    list[i] = { take(), take() }
  end
  return list
end

local changes = {}
while at <= #ARGV do
  local c = { base = take(), layout = take(), verb = take(), key = take(), expected = take() }
  c.record = c.base .. ':r:' .. c.key
  c.version, c.expire = take(), take()
  c.set = pairs_of()
  c.unset = {}
  for i = 1, tonumber(take()) do
    c.unset[i] = take()
  end
  c.remove, c.add, c.release, c.reserve = pairs_of(), pairs_of(), pairs_of(), pairs_of()
  changes[#changes + 1] = c
end

for i, c in ipairs(changes) do
  if layouts[c.base] == nil then
    layouts[c.base] = redis.call('HGET', c.base .. ':m', 'v') or ''
  end
  if layouts[c.base] ~= c.layout then
    return { 'layout', i }
  end
  if c.expected ~= '*' and (redis.call('HGET', c.record, VERSION) or '') ~= c.expected then
    return { 'conflict', i }
  end
  for _, one in ipairs(c.release) do
    owners[c.base .. ':u:' .. one[1] .. '\0' .. one[2]] = false
  end
  for _, one in ipairs(c.reserve) do
    local place = c.base .. ':u:' .. one[1] .. '\0' .. one[2]
    local owner = owners[place]
    if owner == nil then
      owner = redis.call('HGET', c.base .. ':u:' .. one[1], one[2])
      -- A record that has expired, or was made anew with another value, holds nothing.
      if owner and owner ~= c.key
        and redis.call('HGET', c.base .. ':r:' .. owner, UNIQUE .. one[1]) ~= one[2] then
        owner = false
      end
    end
    if owner and owner ~= c.key then
      return { 'taken', i }
    end
    owners[place] = c.key
  end
end

for _, c in ipairs(changes) do
  for _, one in ipairs(c.remove) do
    redis.call('ZREM', c.base .. ':' .. one[1], one[2])
  end
  for _, one in ipairs(c.release) do
    local place = c.base .. ':u:' .. one[1]
    if redis.call('HGET', place, one[2]) == c.key then
      redis.call('HDEL', place, one[2])
    end
  end
  if c.verb == 'D' then
    redis.call('DEL', c.record)
  else
    redis.call('HSET', c.record, VERSION, c.version)
    for _, one in ipairs(c.set) do
      redis.call('HSET', c.record, one[1], one[2])
    end
    for _, name in ipairs(c.unset) do
      redis.call('HDEL', c.record, name)
    end
    for _, one in ipairs(c.add) do
      redis.call('ZADD', c.base .. ':' .. one[1], 0, one[2])
    end
    for _, one in ipairs(c.reserve) do
      redis.call('HSET', c.base .. ':u:' .. one[1], one[2], c.key)
    end
    if c.expire == '' then
      redis.call('PERSIST', c.record)
    elseif c.expire ~= '=' then
      redis.call('EXPIREAT', c.record, c.expire)
    end
  end
end
return { 'ok', 0 }
