-- Removes records of a table that is being dropped, some at a time, and at the end the table itself.
-- ARGV: the base of the table, the version of its description, how many records, the names of its indexes.
-- Reply: 1 when there may be more, 0 when it is done or not to be done any more.

local base = ARGV[1]
if redis.call('HGET', base .. ':m', 'v') ~= ARGV[2] then
  return 0
end
local keys = redis.call('ZRANGE', base .. ':k', 0, tonumber(ARGV[3]) - 1)
for _, key in ipairs(keys) do
  redis.call('UNLINK', base .. ':r:' .. key)
  redis.call('ZREM', base .. ':k', key)
end
if #keys > 0 then
  return 1
end
for i = 4, #ARGV do
  redis.call('UNLINK', base .. ':i:' .. ARGV[i], base .. ':u:' .. ARGV[i])
end
redis.call('DEL', base .. ':m')
return 0
